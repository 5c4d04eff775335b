import ArgumentParser
import Foundation
import MicroVMEngine
import Sandboxes

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Tell what this host can do, and what to do about what it cannot.",
        discussion: """
            Ends with 0 when Thaw can be used here, at the isolation level asked for or, by default, at either; else with 1.
            """)

    @OptionGroup var state: StateOptions
    @Option(help: "The isolation level that is wanted: auto, microvm or process.") var isolation = Isolation.auto
    @Flag(help: "One JSON array of objects with name, status (good, warning, failed), found, remedy and isolation.")
    var json =
        false

    func run() throws {
        let checks = HostChecks.all(stateDirectory: state.directory)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(checks), as: UTF8.self))
        } else {
            show(checks)
        }
        if !isUsable(checks) { throw ExitCode.failure }
    }

    private func isUsable(_ checks: [HostCheck]) -> Bool {
        let usable = HostChecks.usable(checks)
        return IsolationLevel(rawValue: isolation.rawValue).map { usable.contains($0) } ?? !usable.isEmpty
    }

    private func show(_ checks: [HostCheck]) {
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
        let levels = HostChecks.usable(checks).map { level in
            level == .microvm && Accelerator.detect() == .tcg ? "microvm (emulated)" : level.rawValue
        }
        let list = levels.isEmpty ? "" : " Isolation that works: \(levels.joined(separator: ", "))."
        print(isUsable(checks) ? "\nThaw can be used here.\(list)" : "\nThaw cannot be used here yet.\(list)")
    }
}
