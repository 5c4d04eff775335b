import BaseImages
import Glibc
import LinuxKit
import MicroVMEngine
import Sandboxes
import ServerAssembly
import SlotNetwork

/// What this host can do, found by trying what a server does with the parts that do it.
struct HostReport: Sendable {
    let checks: [HostCheck]
    /// What a server would run here; nil when nothing could be tried.
    let plan: IsolationPlan?
    /// What would run the code of virtual machines; nil when that was not tried.
    let accelerator: Accelerator?

    /// - Parameter server: the settings of the server in question.
    static func make(_ server: ServerConfiguration) async throws -> HostReport {
        guard geteuid() == 0 else { return HostReport(checks: [.ordinaryUser], plan: nil, accelerator: nil) }
        let directory = HostChecks.existing(server.state.path)
        let share = try ShareDirectory.installed()
        var checks: [HostCheck] = [.root, HostChecks.kernel(), HostChecks.memory()] + HostChecks.room(in: directory)
        // Both levels, whichever is asked for: a function may choose the other by its tag.
        let slots = try Server.slotConfiguration(server)
        let (ids, claim) = SandboxIDs.tried(server.sandboxIDs, slots: slots.count)
        let engines = await EngineFindings.make(
            for: .auto, machines: server.hypervisor, directory: directory, share: share,
            users: claim?.users ?? .standard)
        withExtendedLifetime(claim) {}
        checks += engines.shared.map { HostCheck($0) } + [HostCheck(ids)]
        checks += await SlotPool.findings(slots).map { HostCheck($0) }
        checks += HostChecks.nameServer(server.slots)
        checks += (engines.machines?.findings ?? []).map { HostCheck($0, for: .microvm) }
        checks += (engines.processes ?? []).map { HostCheck($0, for: .process) }
        checks += HostChecks.tools()
        return HostReport(
            checks: checks, plan: IsolationPlan(server.isolation, on: engines.abilities),
            accelerator: engines.machines?.accelerator)
    }

    /// The levels that can be used here.
    var usable: [IsolationLevel] {
        guard plan != nil else { return [] }
        return IsolationLevel.allCases.filter { level in
            !checks.contains { $0.status == .failed && ($0.isolation == nil || $0.isolation == level) }
        }
    }

    func isUsable(at isolation: Isolation) -> Bool {
        IsolationLevel(rawValue: isolation.rawValue).map { usable.contains($0) } ?? !usable.isEmpty
    }
}

extension HostCheck {
    fileprivate static let root = HostCheck(.good("user", "root"))

    /// Says nothing about the host: only root can try.
    fileprivate static let ordinaryUser = HostCheck(
        .failed("user", "not root, who alone can try what a server does", remedy: "run as root: sudo thaw doctor"))
}
