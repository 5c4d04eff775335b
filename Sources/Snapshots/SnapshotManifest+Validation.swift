internal import Basics
internal import Foundation

extension SnapshotManifest {
    static let fileName = "manifest.json"
    /// A manifest has some kilobytes; one beyond this is not ours.
    static let maximumLength = 1 << 20
    private static let maximumFiles = 64

    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }

    /// Reads `bytes` that claim to be the manifest of `id`. Nothing in them is believed before it has been checked.
    init(validating bytes: [UInt8], of id: SnapshotID) throws(SnapshotError) {
        struct Header: Decodable { var formatVersion: Int }
        func corrupt(_ reason: String) -> SnapshotError { .corrupt(id, file: Self.fileName, reason: reason) }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let data = Data(bytes)
        // The version alone first: another one may have other members.
        guard let header = try? decoder.decode(Header.self, from: data) else {
            throw corrupt("is not a manifest")
        }
        guard header.formatVersion == Self.formatVersion else {
            throw .foreign(
                id, reason: "its format is version \(header.formatVersion); this build reads \(Self.formatVersion)")
        }
        do {
            self = try decoder.decode(Self.self, from: data)
        } catch {
            throw corrupt("is not a manifest: \(Self.explain(error))")
        }
        guard self.id == id else { throw corrupt("belongs to \(self.id)") }
        if let reason = Self.problem(with: files) { throw corrupt(reason) }
    }

    private static func problem(with files: [FileRecord]) -> String? {
        guard !files.isEmpty else { return "names no files" }
        guard files.count <= maximumFiles else { return "names \(files.count) files; at most \(maximumFiles)" }
        guard Set(files.map(\.name)).count == files.count else { return "names a file twice" }
        for file in files {
            guard FileRecord.isValid(name: file.name) else { return "names a file that cannot be one of its own" }
            guard 0...SparseDigest.maximumSize ~= file.size else { return "gives \(file.name) \(file.size) bytes" }
            guard Hexadecimal.isText(file.digest, count: 64) else {
                return "gives \(file.name) a digest that is none"
            }
        }
        return nil
    }

    private static func explain(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            (context.codingPath.map(\.stringValue) + [context.debugDescription]).joined(separator: ": ")
        default: "\(error)"
        }
    }
}

extension FileRecord {
    /// One path component of `a-z`, `A-Z`, `0-9`, `.`, `_` and `-`, at most 64 bytes, that does not start with a dot and is not
    /// the manifest's own name.
    package static func isValid(name: String) -> Bool {
        guard 1...64 ~= name.utf8.count, name != SnapshotManifest.fileName, !name.hasPrefix(".") else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}
