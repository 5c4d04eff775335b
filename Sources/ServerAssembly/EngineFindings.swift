import BaseImages
import LinuxKit
import Logging
import MicroVMEngine
import ProcessEngine
import Sandboxes
import SystemPackage

/// What the engines found of this host by trying.
package struct EngineFindings: Sendable {
    /// Of what both levels need.
    package let shared: [HostFinding]
    /// Nil when nobody asked for virtual machines, or what they need is not there.
    package let machines: MicroVMFindings?
    /// Nil when nobody asked for processes, or what they need is not there.
    package let processes: [HostFinding]?

    /// Has the engines try that may be wanted. Takes 0.3 s.
    /// - Parameters:
    ///   - directory: one that is there, on the file system of the state directory.
    ///   - users: that nobody is yet.
    package static func make(
        for isolation: Isolation, machines choice: HypervisorChoice, directory: FilePath, share: ShareDirectory,
        users: SandboxUsers
    ) async -> EngineFindings {
        let shared = await BlockingThread.run { CgroupHierarchy.findings() }
        guard !shared.contains(where: { $0.status == .failed }) else {
            return EngineFindings(shared: shared, machines: nil, processes: nil)
        }
        async let machines = isolation == .process ? nil : MicroVMEngine.findings(choice)
        async let processes =
            isolation == .microvm
            ? nil
            : ProcessEngine.findings(
                directory: directory, programs: share.processPrograms, user: users.inSlot(0))
        return EngineFindings(shared: shared, machines: await machines, processes: await processes)
    }

    package var abilities: HostAbilities {
        var abilities = HostAbilities(
            accelerator: machines?.accelerator ?? .tcg, why: machines?.why ?? "virtual machines were not tried")
        abilities.note(shared + (machines?.findings ?? []), of: .microvm)
        abilities.note(shared + (processes ?? []), of: .process)
        return abilities
    }

    /// Tells an operator what a server will lack.
    func log(to logger: Logger) {
        for finding in shared + (machines?.findings ?? []) + (processes ?? []) where finding.status == .failed {
            logger.warning(
                "what sandboxes need does not work here, see `thaw doctor`",
                metadata: ["\(finding.name)": "\(finding.found)", "do": "\(finding.remedy ?? "")"])
        }
    }
}
