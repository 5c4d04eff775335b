import Glibc
internal import LinuxKit
internal import SystemPackage

/// The program that reads untrusted input. It runs in the jail that ``Workshop`` makes, opens nothing by a path of the host, and
/// does one thing: `inspect`, `code` or `tree`.
package enum WorkshopProgram {
    /// What it has open beside its output.
    static let input: CInt = 3
    static let image: CInt = 4

    package static func main(_ arguments: [String]) -> CInt {
        let outcome = Result { () throws(WorkshopError) in try run(arguments) }
        let report = WorkshopReport(outcome).bytes
        do { try OwnedDescriptor(adopting: STDOUT_FILENO).writeAll(report) } catch { return 2 }
        return if case .success = outcome { 0 } else { 1 }
    }

    private static func run(_ arguments: [String]) throws(WorkshopError) -> Int {
        let input = OwnedDescriptor(adopting: input)
        let numbers = arguments.dropFirst().map { Int($0) ?? -1 }
        switch (arguments.first, numbers.count) {
        case ("inspect", 2):
            return try ZipArchive(file: input).plan(limits: ZipLimits(unzippedBytes: numbers[0], nodes: numbers[1]))
                .size
        case ("code", 3):
            return try ZipImage.write(
                try ZipArchive(file: input), limits: ZipLimits(unzippedBytes: numbers[0], nodes: numbers[1]),
                to: OwnedDescriptor(adopting: image).shared(), limit: numbers[2])
        case ("tree", 3):
            let owner = (user: UInt32(clamping: numbers[0]), group: UInt32(clamping: numbers[1]))
            return try TreeImage.write(
                input, owner: owner, to: OwnedDescriptor(adopting: image).shared(), limit: numbers[2])
        default:
            throw .broken("it does not know what '\(arguments.joined(separator: " "))' is")
        }
    }
}
