import ArgumentParser
import Foundation

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Tell what this host can do, and what to do about what it cannot.",
        discussion: "Ends with 0 when Thaw can be used here, else with 1.")

    @OptionGroup var state: StateOptions
    @Flag(help: "One JSON array of objects with name, status (good, warning, failed), found and remedy.") var json =
        false

    func run() throws {
        let checks = HostChecks.all(stateDirectory: state.directory)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(checks), as: UTF8.self))
        } else {
            Self.show(checks)
        }
        if checks.contains(where: { $0.status == .failed }) { throw ExitCode.failure }
    }

    private static func show(_ checks: [HostCheck]) {
        var table = Table(["CHECK", "", "FOUND"])
        for check in checks {
            table.add([check.name, check.status == .good ? "ok" : check.status.rawValue, check.found])
        }
        print(table.text)
        let wanting = checks.filter { $0.status != .good }
        if !wanting.isEmpty { print("\nWhat to do:") }
        for check in wanting { print("- \(check.name): \(check.remedy ?? check.found)") }
        let packages = Set(
            wanting.compactMap { $0.remedy }.filter { $0.hasPrefix("apt-get install ") }.map { $0.dropFirst(16) })
        if packages.count > 1 {
            print("\nAll missing packages: apt-get install \(packages.sorted().joined(separator: " "))")
        }
        print(checks.contains { $0.status == .failed } ? "\nThaw cannot be used here yet." : "\nThaw can be used here.")
    }
}
