internal import SystemPackage

/// What the program says at its end, on its standard output: fields with a zero after each. Hostile for who reads it: the program
/// has read what is hostile.
enum WorkshopReport: Equatable {
    case done(bytes: Int)
    case failed(WorkshopError)

    /// More is not read.
    static let longest = 4096
    private static let longestText = 1000

    var bytes: [UInt8] {
        let fields: [String] =
            switch self {
            case .done(let bytes): ["done", "\(bytes)"]
            case .failed(.invalidZip(let reason)): ["invalidZip", reason]
            case .failed(.unzipsTooLarge(let limit)): ["unzipsTooLarge", "\(limit)"]
            case .failed(.pathEscape(let entry)): ["pathEscape", entry]
            case .failed(.invalidLayer(let reason)): ["invalidLayer", reason]
            case .failed(.hostileLayer(let reason)): ["hostileLayer", reason]
            case .failed(.layersTooLarge(let limit)): ["layersTooLarge", "\(limit)"]
            case .failed(.layersTooMany(let limit)): ["layersTooMany", "\(limit)"]
            case .failed(.notInArchive(let name)): ["notInArchive", name]
            case .failed(.unsupportedFile(let reason)): ["unsupportedFile", reason]
            case .failed(.imageTooLarge(let limit)): ["imageTooLarge", "\(limit)"]
            case .failed(.missing(let what, let remedy)): ["missing", what, remedy]
            case .failed(.systemCall(let action, let cause)): ["systemCall", action, "\(cause.rawValue)"]
            case .failed(let other): ["broken", "\(other)"]
            }
        return fields.flatMap { Array($0.utf8.prefix(Self.longestText).filter { $0 != 0 }) + [0] }
    }

    init(_ outcome: Result<Int, WorkshopError>) {
        switch outcome {
        case .success(let bytes): self = .done(bytes: bytes)
        case .failure(let error): self = .failed(error)
        }
    }

    /// Nil for what no program of ours says.
    init?(_ bytes: [UInt8]) {
        guard bytes.last == 0 else { return nil }
        let fields = bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false).map(Self.text)
        switch (fields.first, fields.count) {
        case ("done", 2):
            guard let size = Int(fields[1]), size >= 0 else { return nil }
            self = .done(bytes: size)
        case ("invalidZip", 2): self = .failed(.invalidZip(fields[1]))
        case ("unzipsTooLarge", 2):
            guard let limit = Int(fields[1]) else { return nil }
            self = .failed(.unzipsTooLarge(limitBytes: limit))
        case ("pathEscape", 2): self = .failed(.pathEscape(entry: fields[1]))
        case ("invalidLayer", 2): self = .failed(.invalidLayer(fields[1]))
        case ("hostileLayer", 2): self = .failed(.hostileLayer(fields[1]))
        case ("layersTooLarge", 2), ("layersTooMany", 2):
            guard let limit = Int(fields[1]) else { return nil }
            self = .failed(
                fields[0] == "layersTooLarge" ? .layersTooLarge(limitBytes: limit) : .layersTooMany(limit: limit))
        case ("notInArchive", 2): self = .failed(.notInArchive(fields[1]))
        case ("unsupportedFile", 2): self = .failed(.unsupportedFile(fields[1]))
        case ("imageTooLarge", 2):
            guard let limit = Int(fields[1]) else { return nil }
            self = .failed(.imageTooLarge(limitBytes: limit))
        case ("missing", 3): self = .failed(.missing(fields[1], remedy: fields[2]))
        case ("systemCall", 3):
            guard let cause = CInt(fields[2]) else { return nil }
            self = .failed(.systemCall(fields[1], Errno(rawValue: cause)))
        case ("broken", 2): self = .failed(.broken(fields[1]))
        default: return nil
        }
    }

    /// One line that can be shown anywhere.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(longestText), as: UTF8.self)
        let line = text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{fffd}" : Character($0) }
        return String(line)
    }
}
