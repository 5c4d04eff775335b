import Glibc
internal import LinuxKit
internal import SystemPackage

/// The program that reads untrusted input. It runs in the jail that ``Workshop`` makes, opens nothing by a path of the host, and
/// does one thing: `inspect`, `code`, `layers` or `tree`.
package enum WorkshopProgram {
    /// What it has open beside its output.
    static let input: CInt = 3
    static let image: CInt = 4

    static func descriptor(ofLayer index: Int) -> CInt { image + 1 + CInt(index) }

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
        default:
            throw .broken("it does not know what '\(arguments.joined(separator: " "))' is")
        }
    }
}
