import Basics
import Glibc
import GuestProtocol
import LinuxKit
import Sandboxes
import SlotNetwork
import SystemPackage

/// Builds cells, one after the other: 1 to 2 ms each, off the way of any invocation.
struct CellBuilder: Sendable {
    let parts: Cell.Parts
    let restorer: Restorer
    let users: SandboxUsers
    /// Lives as long as the engine: the cells' processes end with it.
    let thread: SerialThread

    init(parts: Cell.Parts, restorer: Restorer, users: SandboxUsers) throws(SandboxError) {
        self.parts = parts
        self.restorer = restorer
        self.users = users
        thread = try hostCall("start a thread") { try SerialThread() }
    }

    func build(limits: CellLimits, by deadline: Deadline) async throws(SandboxError) -> Cell {
        let slot = try await hostCall { try await parts.slots.claim(by: deadline) }
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
            let user = users.inSlot(slot.index)
            let process = try startHolder(in: network, cgroup, as: user)
            let entrance = try openEntrance(of: cgroup)
            let endpoint = try openEndpoint(in: network, of: user)
            let (control, cloneControl) = try ControlChannel.make()
            let cell = Cell(
                id: id, slot: slot, cgroup: cgroup, process: process, endpoint: endpoint,
                equipment: Cell.Equipment(entrance: entrance, control: control, cloneControl: cloneControl),
                limits: limits, parts: parts)
            cell.watchMemory()
            return cell
        } catch {
            // Kills the holder, too.
            try? cgroup.remove()
            throw error
        }
    }

    private func startHolder(
        in network: SharedDescriptor, _ cgroup: Cgroup, as user: SandboxUser
    ) throws(SandboxError) -> ChildProcess {
        var plan = Self.holderPlan(restorer, cgroup, user)
        plan.birthplace = Birthplace(network: network)
        let process = try hostCall { try plan.spawn() }
        try Identity.map(user, in: process)
        return process
    }

    /// Process 1 of a sandbox, in namespaces of its own but for the network.
    static func holderPlan(_ restorer: Restorer, _ cgroup: Cgroup, _ user: SandboxUser) -> SpawnPlan {
        var plan = restorer.plan(arguments: ["init"])
        plan.namespaces = [.users, .processes, .ipc, .hostName]
        plan.owner = user.owner
        plan.cgroup = cgroup
        plan.steps =
            [.hostName(RuntimeUser.hostName), .newSession] + CellLimits.settings + [.parentDeathSignal(SIGKILL)]
        return plan
    }

    private func openEntrance(of cgroup: Cgroup) throws(SandboxError) -> CgroupEntrance {
        try hostCall { try cgroup.openEntrance() }
    }

    private func openEndpoint(
        in network: SharedDescriptor, of user: SandboxUser
    ) throws(SandboxError) -> RuntimeEndpoint {
        try hostCall {
            try NetworkNamespace.run(in: network) { () throws(NetworkError) in
                do throws(Errno) { return try RuntimeEndpoint.open(chargedTo: user.user) } catch {
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
