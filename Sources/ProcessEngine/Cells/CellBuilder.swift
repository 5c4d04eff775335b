import Glibc
import LinuxKit
import Sandboxes
import SlotNetwork
import SystemPackage

/// Builds cells, one after the other: 1 to 2 ms each, off the way of any invocation.
struct CellBuilder: Sendable {
    let parts: Cell.Parts
    let restorer: Restorer
    /// Lives as long as the engine: the cells' processes end with it.
    let thread: SerialThread

    init(parts: Cell.Parts, restorer: Restorer) throws(SandboxError) {
        self.parts = parts
        self.restorer = restorer
        thread = try hostCall("start a thread") { try SerialThread() }
    }

    func build(limits: CellLimits) async throws(SandboxError) -> Cell {
        let slot = try await hostCall { try await parts.slots.claim() }
        do {
            return try await thread.run { [self] () throws(SandboxError) in try build(in: slot, limits: limits) }
        } catch {
            await parts.slots.release(slot)
            throw error
        }
    }

    private func build(in slot: Slot, limits: CellLimits) throws(SandboxError) -> Cell {
        let id = SandboxID.random()
        let cgroup = try hostCall { try parts.cgroups.create(id, limits: limits) }
        do {
            let network = try slot.openNetwork()
            let process = try startHolder(in: network, cgroup)
            let entrance = try openEntrance(of: cgroup)
            let endpoint = try openEndpoint(in: network)
            let (control, cloneControl) = try ControlChannel.make()
            return Cell(
                id: id, slot: slot, cgroup: cgroup, process: process, endpoint: endpoint,
                equipment: Cell.Equipment(entrance: entrance, control: control, cloneControl: cloneControl),
                limits: limits, parts: parts)
        } catch {
            // Kills the holder, too.
            try? cgroup.remove()
            throw error
        }
    }

    private func startHolder(in network: SharedDescriptor, _ cgroup: Cgroup) throws(SandboxError) -> ChildProcess {
        var plan = Self.holderPlan(restorer, cgroup)
        plan.birthplace = Birthplace(network: network)
        let process = try hostCall { try plan.spawn() }
        try Self.mapIdentities(of: process)
        return process
    }

    /// Process 1 of a sandbox, in namespaces of its own but for the network.
    static func holderPlan(_ restorer: Restorer, _ cgroup: Cgroup) -> SpawnPlan {
        var plan = restorer.plan(arguments: ["init"])
        plan.namespaces = [.users, .processes, .ipc, .hostName]
        plan.cgroup = cgroup
        plan.steps = [.hostName("thaw"), .newSession, .parentDeathSignal(SIGKILL)]
        return plan
    }

    static func mapIdentities(of holder: ChildProcess) throws(SandboxError) {
        try hostCall("map the identities of a sandbox") {
            try SmallFile.set(FilePath("/proc/\(holder.pid)/uid_map"), to: Identity.userMap)
            try SmallFile.set(FilePath("/proc/\(holder.pid)/gid_map"), to: Identity.groupMap)
        }
    }

    private func openEntrance(of cgroup: Cgroup) throws(SandboxError) -> CgroupEntrance {
        try hostCall { try cgroup.openEntrance() }
    }

    private func openEndpoint(in network: SharedDescriptor) throws(SandboxError) -> RuntimeEndpoint {
        try hostCall {
            try NetworkNamespace.run(in: network) { () throws(NetworkError) in
                do throws(Errno) { return try RuntimeEndpoint.open() } catch {
                    throw NetworkError("open the Runtime API of a sandbox", error)
                }
            }
        }
    }
}

extension Slot {
    /// ``SlotNetwork/Slot/openNamespace()`` for this engine.
    func openNetwork() throws(SandboxError) -> SharedDescriptor {
        try hostCall { try openNamespace() }
    }
}
