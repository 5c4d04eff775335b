import LinuxKit
import Logging
import MicroVMEngine
import ProcessEngine
import Sandboxes
import SystemPackage

/// What the engines found of this host by trying.
struct EngineFindings: Sendable {
    /// Nil when nobody asked for virtual machines.
    let machines: MicroVMFindings?
    /// Nil when nobody asked for processes.
    let processes: [HostFinding]?

    /// Has the engines try that may be wanted. Takes 0.3 s.
    /// - Parameter directory: one that is there, on the file system of the state directory.
    static func make(for isolation: Isolation, directory: FilePath, restorer: FilePath) async -> EngineFindings {
        async let machines = isolation == .process ? nil : MicroVMEngine.findings()
        async let processes =
            isolation == .microvm ? nil : ProcessEngine.findings(directory: directory, restorer: restorer)
        return EngineFindings(machines: await machines, processes: await processes)
    }

    var abilities: HostAbilities {
        var abilities = HostAbilities(
            accelerator: machines?.accelerator ?? .tcg, why: machines?.why ?? "virtual machines were not tried")
        abilities.note(machines?.findings ?? [], of: .microvm)
        abilities.note(processes ?? [], of: .process)
        return abilities
    }

    /// Tells an operator what a server will lack.
    func log(to logger: Logger) {
        for (level, findings) in [(IsolationLevel.microvm, machines?.findings), (.process, processes)] {
            for finding in findings ?? [] where finding.status == .failed {
                logger.warning(
                    "isolation \(level.rawValue) does not work here",
                    metadata: ["\(finding.name)": "\(finding.found)", "do": "\(finding.remedy ?? "")"])
            }
        }
    }
}
