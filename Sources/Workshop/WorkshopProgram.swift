import Glibc
internal import LinuxKit
internal import SystemPackage

/// The program that reads untrusted input. It runs in the jail that ``Workshop`` makes, opens nothing by a path of the host, and
/// does one thing: `inspect`, `code`, `layers`, `tree`, `root`, `members` or `plain`.
package enum WorkshopProgram {
    /// What it has open beside its output.
    static let input: CInt = 3
    static let image: CInt = 4

    static func descriptor(ofLayer index: Int) -> CInt { image + 1 + CInt(index) }
    /// The most layers that an image may have.
    static let mostLayers = 250
    /// What it writes when all names have been read; smaller bytes are the layer that is read.
    static let packing: UInt8 = 255

    package static func main(_ arguments: [String]) -> CInt {
        let outcome = Result { () throws(WorkshopError) in try run(arguments) }
        let report = WorkshopReport(outcome).bytes
        do { try OwnedDescriptor(adopting: STDOUT_FILENO).writeAll(report) } catch { return 2 }
        return if case .success = outcome { 0 } else { 1 }
    }

    private static func opened(_ descriptor: CInt) -> OwnedDescriptor { OwnedDescriptor(adopting: descriptor) }

    private static func run(_ arguments: [String]) throws(WorkshopError) -> Int {
        let numbers = arguments.dropFirst().map { Int($0) ?? -1 }
        switch (arguments.first, numbers.count) {
        case ("inspect", 2):
            return try ZipArchive(file: opened(input)).plan(
                limits: ZipLimits(unzippedBytes: numbers[0], nodes: numbers[1])
            )
            .size
        case ("code", 3):
            return try ZipImage.write(
                try ZipArchive(file: opened(input)), limits: ZipLimits(unzippedBytes: numbers[0], nodes: numbers[1]),
                to: OwnedDescriptor(adopting: image).shared(), limit: numbers[2])
        case ("layers", 4):
            guard (1...32).contains(numbers[0]) else { throw .broken("it cannot merge \(numbers[0]) archives") }
            return try LayersImage.write(
                (0..<numbers[0]).map { OwnedDescriptor(adopting: descriptor(ofLayer: $0)).shared() },
                limits: ZipLimits(unzippedBytes: numbers[1], nodes: numbers[2]),
                to: OwnedDescriptor(adopting: image).shared(), limit: numbers[3])
        case ("tree", 3):
            let owner = (user: UInt32(clamping: numbers[0]), group: UInt32(clamping: numbers[1]))
            return try TreeImage.write(
                opened(input), owner: owner, to: OwnedDescriptor(adopting: image).shared(), limit: numbers[2])
        case ("root", 4...):
            guard (0...mostLayers).contains(numbers[0]) else { throw .broken("it cannot lay \(numbers[0]) layers") }
            return try root(arguments, numbers)
        case ("members", 2...):
            let names = Array(arguments.dropFirst(3))
            guard names.count == numbers[0], names.count <= mostLayers else { throw .broken("names are missing") }
            return try ArchiveMembers.write(
                names, of: opened(input).shared(),
                to: names.indices.map { OwnedDescriptor(adopting: descriptor(ofLayer: $0)).shared() },
                limit: numbers[1])
        case ("plain", 1):
            return try CompressedFile.unpack(
                opened(input).shared(), to: OwnedDescriptor(adopting: image).shared(), limit: numbers[0])
        default:
            throw .broken("it does not know what '\(arguments.joined(separator: " "))' is")
        }
    }

    /// `root LAYERS BYTES NODES LIMIT [directory PATH | file PATH]…`
    private static func root(_ arguments: [String], _ numbers: [Int]) throws(WorkshopError) -> Int {
        let words = Array(arguments.dropFirst(5))
        let points = stride(from: 0, to: words.count - 1, by: 2).compactMap { index in
            MountPoint.Kind(rawValue: words[index]).map { MountPoint($0, words[index + 1]) }
        }
        let reports = opened(input)
        return try RootImage.write(
            (0..<numbers[0]).map { OwnedDescriptor(adopting: descriptor(ofLayer: $0)).shared() }, mountPoints: points,
            limits: LayerLimits(unpackedBytes: numbers[1], nodes: numbers[2]),
            to: OwnedDescriptor(adopting: image).shared(), limit: numbers[3]
        ) { layer throws(WorkshopError) in
            try attempt("report") { () throws(Errno) in
                try reports.writeAll([layer.map { UInt8(truncatingIfNeeded: $0) } ?? packing])
            }
        }
    }
}
