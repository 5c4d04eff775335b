import Basics
import Glibc
import LinuxKit
import NetworkModel
import Sandboxes
import SlotNetwork
import Synchronization
import SystemPackage

/// What surrounds one process sandbox, whatever it will run: network, namespaces, cgroup, and what joins it with the host.
///
/// Built ahead of its use and used once. The namespaces belong to a process 1 of our own that does nothing but bury orphans;
/// with it ends everything in them.
package final class Cell: Sendable {
    let id: SandboxID
    let slot: Slot
    let cgroup: Cgroup
    package let endpoint: RuntimeEndpoint
    package let memory: CellMemory

    private let parts: Parts
    private let process: ChildProcess
    private let state: Mutex<State>
    /// Of the template whose pages the tenant has.
    private let lease = Mutex<TemplateLease?>(nil)
    private let ending = SingleEnd()
    /// Opened when the tenant stands still for the first time.
    private let freezer = Mutex<CgroupFreezer?>(nil)
    /// The template's, about the tenant.
    private let answer = Outcome<Tenant>()
    private let memoryWatch = Mutex<MemoryGuard.Watch?>(nil)
    /// A template that answers no more is found out and ended in less.
    private static let answerLimit = Duration.seconds(30)

    /// Where cells come from and go back to.
    struct Parts: Sendable {
        let slots: any SlotNetwork
        let cgroups: EngineCgroups
        let memory: MemoryGuard
    }

    /// The runtime's process, which another process may be making right now.
    enum Tenant: Sendable {
        case none
        /// Asked of a template that has not answered yet.
        case expected
        case present(ChildProcess)
        /// The template ended without an answer: there may be one whom nobody knows.
        case unknown
    }

    /// What waits in a cell for the one who moves in.
    package struct Equipment: Sendable {
        /// Into the cell's cgroup.
        let entrance: CgroupEntrance
        package let control: ControlChannel
        /// The clone's end of ``control``.
        package let cloneControl: SharedDescriptor
    }

    private struct State {
        var limits: CellLimits
        /// Until somebody moves in.
        var equipment: Equipment?
        var tenant = Tenant.none
    }

    init(
        id: SandboxID, slot: Slot, cgroup: Cgroup, process: ChildProcess, endpoint: RuntimeEndpoint,
        equipment: Equipment, limits: CellLimits, parts: Parts
    ) {
        self.id = id
        self.slot = slot
        self.cgroup = cgroup
        self.process = process
        self.endpoint = endpoint
        self.parts = parts
        memory = CellMemory(of: cgroup, limit: limits.memoryBytes)
        state = Mutex(State(limits: limits, equipment: equipment))
    }

    /// What the one who moves in has of the cell. The cell itself keeps none of it, or thousands of descriptors would be open.
    package struct Access: Sendable {
        /// Process 1's pidfd.
        let holder: SharedDescriptor
        let endpoint: RuntimeEndpoint.ProcessSide
        package let equipment: Equipment
    }

    /// Once.
    package func moveIn() throws(SandboxError) -> Access {
        guard let equipment = state.withLock({ $0.equipment.take() }), let side = endpoint.takeProcessSide() else {
            throw .host("a cell was used twice")
        }
        defer { process.releaseDescriptor() }
        let holder = try hostCall("reach a cell") { try process.pidfd }
        return Access(holder: holder, endpoint: side, equipment: equipment)
    }

    /// Process 1's number on the host.
    var holderID: CInt { process.pid }

    /// Gives the cell to a function: free of charge when it has had these limits since it was built.
    func setLimits(_ limits: CellLimits) throws(SandboxError) {
        guard state.withLock({ $0.limits != limits }) else { return }
        try hostCall { try parts.cgroups.update(cgroup, limits: limits) }
        state.withLock { $0.limits = limits }
        memory.setLimit(limits.memoryBytes)
        parts.memory.limitChanged(of: memory, memoryWatch.withLock { $0 })
    }

    /// Once, from the time that it is complete.
    func watchMemory() {
        let watch = parts.memory.begin(memory, slot: slot.index)
        memoryWatch.withLock { $0 = watch }
    }

    /// The sandbox has nothing to do.
    func rests() { parts.memory.rest(memory, memoryWatch.withLock { $0 }) }

    /// Lets what will run in the cell send as far as `mode` says.
    func join(_ mode: NetworkMode) throws(SandboxError) {
        try hostCall { try slot.bind(.process, to: mode) }
    }

    // MARK: - Tenant

    /// A process is being made for this cell; one of the three below follows.
    func expectTenant() { state.withLock { $0.tenant = .expected } }

    func arrived(_ tenant: ChildProcess) {
        memory.setTenant(tenant)
        settle(.present(tenant))
    }
    func neverArrived() { settle(.none) }
    func lostSight() { settle(.unknown) }

    /// The runtime's process; nil before it exists.
    package var tenant: ChildProcess? {
        if case .present(let tenant) = state.withLock({ $0.tenant }) { tenant } else { nil }
    }

    /// Holds a lease for as long as the tenant lives.
    func hold(_ lease: consuming TemplateLease) {
        var given: TemplateLease? = lease
        self.lease.withLock { $0 = given.take() }
    }

    private func settle(_ tenant: Tenant) {
        state.withLock { $0.tenant = tenant }
        answer.settle(tenant)
    }

    private func tenantSettled() async -> Tenant {
        let tenant = state.withLock { $0.tenant }
        guard case .expected = tenant else { return tenant }
        return await answer.wait(within: Self.answerLimit) ?? .unknown
    }

    /// What stops everything in the cell; nil where the host has no such thing.
    func openFreezer() throws(Errno) -> CgroupFreezer? {
        try freezer.withLock { freezer throws(Errno) in
            if freezer == nil { freezer = try cgroup.openFreezer() }
            return freezer
        }
    }

    // MARK: - End

    /// Kills everything in the cell and waits until processes, cgroup and slot are given back. Every caller waits for the same
    /// end.
    func end() async {
        await ending.run { await self.tearDown() }
    }

    private func tearDown() async {
        // The kernel kills what lives in the pid namespace with its process 1, and lets nothing more be born there.
        try? process.signal(SIGKILL)
        // In version 1 what is frozen does not die.
        try? freezer.withLock { $0.take() }?.thaw()
        let tenant = await tenantSettled()
        parts.memory.end(memory, memoryWatch.withLock { $0.take() })
        let (process, cgroup) = (process, cgroup)
        await BlockingThread.run {
            // Process 1 ends when its namespace is empty, so when its parent has buried the tenant.
            if case .present(let tenant) = tenant { _ = try? tenant.waitBlocking() }
            while case .unknown = tenant, process.isAlive(for: .milliseconds(100)) { StrayChildren.bury() }
            _ = try? process.waitBlocking()
            // A cgroup that cannot be removed is found again by the next start's sweep.
            try? cgroup.remove()
        }
        lease.withLock { $0.take() }?.end()
        await parts.slots.release(slot)
    }
}

extension ChildProcess {
    /// Whether it has not ended within `limit`. Blocks.
    fileprivate func isAlive(for limit: Duration) -> Bool {
        do { return try waitBlocking(atMost: limit) == nil } catch { return false }
    }
}
