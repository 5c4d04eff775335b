package import Basics
internal import CSlotPrograms
import Foundation
package import LinuxKit
package import Logging
internal import NetworkModel
import Synchronization
internal import SystemPackage

/// All slots of a server: built at its start, lent, and reset between one use and the next.
///
/// A claim takes a slot that is free and asks nothing of the kernel but the change of one map entry. What takes time, building and
/// resetting, happens in the background.
package final class SlotPool: SlotNetwork {
    let configuration: SlotConfiguration
    package let ground: SlotGround
    private let lock: FileLock
    /// Where the pool's own threads are when they are in no slot.
    let home: SharedDescriptor
    let logger: Logger
    let state: Mutex<State>
    /// What the background is to do next.
    let work: AsyncStream<Work>.Continuation
    private let background: Mutex<Task<Void, Never>?>
    /// Whether there are virtual networks by now.
    private let hasTunnel: Mutex<Bool>
    /// What the slots are at present.
    let sites: Mutex<[Hub.Site]>

    struct State {
        private(set) var slots: [SlotState]
        /// How many slots will be free by themselves.
        private(set) var coming: Int
        /// Indices of the slots that are free; the last one is claimed next, whose memory is the warmest.
        var free: [Int] = []
        var uses: [Int: Use] = [:]
        var residents = NetworkResidents()
        var claims: SlotState.Claim = 0
        var waiters: [Outcome<Slot?>] = []
        /// Those who wait until nothing is being built or reset.
        var settlers: [CheckedContinuation<Void, Never>] = []
        /// Whether somebody has claimed a slot since it was made.
        var isUsed: [Bool]
        /// Those that are to be made anew: one thread does it for all that have come together.
        var renewals: [Int] = []
        var statistics = SlotStatistics()
        /// When they were published last. By ``MonotonicClock``.
        var reported: UInt64 = 0
        var isOpen = true
        /// Why slots could not be built, the first time.
        var failure: NetworkError?

        init(count: Int) {
            slots = Array(repeating: .building, count: count)
            isUsed = Array(repeating: false, count: count)
            coming = count
        }

        /// Takes a slot from one state to another.
        mutating func change<R>(_ index: Int, _ way: (inout SlotState) -> R) -> R {
            let before = slots[index].isComing
            defer { coming += (slots[index].isComing ? 1 : 0) - (before ? 1 : 0) }
            return way(&slots[index])
        }
    }

    /// What a claimed slot is bound to.
    struct Use: Sendable {
        var claimTime: UInt64
        /// In a virtual network: the address there, and the network's identifier.
        var resident: (address: IPv4Address, network: UInt32)?
    }

    enum Work: Sendable {
        /// Afterwards, what dead servers left is taken away.
        case build([Int], discarding: [NamespaceKeep])
        case reset(Int)
        case rebuild(Int)
        case renew
    }

    // MARK: - Beginning and end

    /// Makes what slots stand on, or takes over what a server of the same configuration left when it died, and begins to build. That
    /// packets pass a slot on this host is proved first: see ``SlotProbe``. Returns after about 0.1 s; slots are there from then on,
    /// more and more of them.
    ///
    /// - Parameter host: the network namespace whose uplink is used; the calling thread's own unless given.
    package static func open(
        _ configuration: SlotConfiguration, host: SharedDescriptor? = nil, logger: Logger = Logger(label: "thaw.slots")
    ) async throws(SlotError) -> SlotPool {
        try await BlockingThread.run { () throws(SlotError) in
            let home = try rethrowing(try NetworkNamespace.current(), as: SlotError.host)
            let opened = try SlotGround.open(configuration, host: host ?? home, logger: logger)
            return SlotPool(configuration, opened, home: home, logger)
        }
    }

    private init(
        _ configuration: SlotConfiguration, _ opened: SlotGround.Opened, home: SharedDescriptor, _ logger: Logger
    ) {
        let found = opened.found
        self.home = home
        self.configuration = configuration
        (ground, lock) = (opened.ground, opened.lock)
        self.logger = logger
        var state = State(count: configuration.count)
        // What the dead server's map says: where its slots are, and which ones nobody had claimed.
        let maps = opened.ground.programs.maps
        let entries = (0..<configuration.count).map { (try? maps.entry(of: $0)) ?? slot_entry() }
        sites = Mutex(entries.enumerated().map { Hub.Site(slot: $0, interface: $1.interface) })
        for index in found {
            _ = state.change(index) { $0.adopt() }
            if entries[index].state != SlotState.Kind.free.rawValue { state.isUsed[index] = true }
        }
        self.state = Mutex(state)
        let (stream, work) = AsyncStream.makeStream(of: Work.self)
        self.work = work
        background = Mutex(nil)
        hasTunnel = Mutex(ground.record.hasTunnel)
        for index in found {
            cutOff(index, as: .draining)
            work.yield(.reset(index))
        }
        let missing = Set(0..<configuration.count).subtracting(found).sorted()
        if !missing.isEmpty || !opened.leftovers.isEmpty {
            work.yield(.build(missing, discarding: opened.leftovers))
        }
        background.withLock { $0 = Task { [self] in await maintain(stream) } }
    }

    /// How its programs are put at interfaces.
    package var attachment: ProgramAttachment { ground.programs.attachment }

    /// Returns when no slot is being built or reset any more.
    package func prepare() async {
        await withCheckedContinuation { continuation in
            let settled = state.withLock { state in
                guard state.isOpen, state.coming > 0 else { return true }
                state.settlers.append(continuation)
                return false
            }
            if settled { continuation.resume() }
        }
    }

    /// Ends every slot; claims fail from then on. What must have ended before: whatever ran in them.
    ///
    /// - Parameter keepingSlots: leaves them to the next server of this configuration.
    package func shutdown(keepingSlots: Bool = false) async {
        let (waiters, settlers) = state.withLock { state in
            defer { (state.waiters, state.settlers, state.free) = ([], [], []) }
            state.isOpen = false
            return (state.waiters, state.settlers)
        }
        for waiter in waiters { waiter.settle(nil) }
        for settler in settlers { settler.resume() }
        work.finish()
        let task = background.withLock { background in
            defer { background = nil }
            return background
        }
        guard let task else { return }
        await task.value
        defer { lock.release() }
        guard !keepingSlots else { return }
        logger.info("taking the network slots away", metadata: ["count": "\(configuration.count)"])
        let (ground, logger, directory) = (ground, logger, configuration.directory)
        await BlockingThread.run {
            do {
                try ground.remove(from: directory)
                SlotGround.removeDirectory(directory)
            } catch {
                logger.warning("network slots are left behind: run `thaw slots clean`", metadata: ["error": "\(error)"])
                SlotReport.remove(from: directory)
            }
        }
    }

    package func shutdown() async { await shutdown(keepingSlots: false) }

    /// What the pool has measured about itself so far.
    package var statistics: SlotStatistics { state.withLock { $0.statistics } }

    /// How many slots are in each state that some are in.
    package var census: [SlotState.Kind: Int] {
        state.withLock { state in Dictionary(state.slots.map { ($0.kind, 1) }, uniquingKeysWith: +) }
    }

    // MARK: - Claiming

    /// A slot that is free now; nil when none is.
    package func claimFree() -> Slot? {
        let start = MonotonicClock.now()
        return state.withLock { state in
            guard state.isOpen, let index = state.free.popLast() else { return nil }
            return claim(index, &state, since: start)
        }
    }

    /// A slot nobody has used since it was last built or reset; waits for one that is being built or reset.
    package func claim(by deadline: Deadline) async throws(SlotError) -> Slot {
        let start = MonotonicClock.now()
        let coming = Outcome<Slot?>()
        let slot: Slot?
        switch state.withLock({ claimOrWait(coming, &$0, since: start) }) {
        case .some(let answer): slot = answer
        case nil:
            if let answer = await coming.wait(by: deadline) {
                slot = answer
            } else {
                state.withLock { state in state.waiters.removeAll { $0 === coming } }
                // It may have come between the limit and here.
                guard let answer = coming.value else { throw .late(limit: deadline.limit) }
                slot = answer
            }
        }
        if let slot { return slot }
        let (isOpen, failure) = state.withLock { ($0.isOpen, $0.failure) }
        guard isOpen else { throw .shutDown }
        if let failure { throw .host(failure) }
        throw .exhausted(count: configuration.count)
    }

    /// A slot, or that there is none; nil for one who has to wait.
    private func claimOrWait(_ coming: Outcome<Slot?>, _ state: inout State, since start: UInt64) -> Slot?? {
        guard state.isOpen else { return .some(nil) }
        if let index = state.free.popLast() { return .some(claim(index, &state, since: start)) }
        guard state.coming > 0 else { return .some(nil) }
        state.waiters.append(coming)
        return nil
    }

    func claim(_ index: Int, _ state: inout State, since start: UInt64) -> Slot? {
        state.claims += 1
        let number = state.claims
        guard state.change(index, { $0.claim(number) }) else { return nil }
        state.isUsed[index] = true
        note(index, as: .claimed, claims: UInt32(truncatingIfNeeded: state.claims))
        state.uses[index] = Use(claimTime: MonotonicClock.now() - start)
        return Slot(index: index, claim: state.claims, pool: self)
    }

    func bind(_ slot: Slot, _ occupant: SlotOccupant, to mode: NetworkMode) throws(SlotError) {
        let start = MonotonicClock.now()
        if case .vpc = mode { try ensureTunnel() }
        let outcome = state.withLock { state in
            Result { () throws(SlotError) in try bind(slot, occupant, to: mode, &state, since: start) }
        }
        try outcome.get()
    }

    /// Tries once more where somebody else had the tunnels' port at the start.
    private func ensureTunnel() throws(SlotError) {
        let isThere = hasTunnel.withLock { hasTunnel in
            if !hasTunnel { hasTunnel = ground.retryTunnel() }
            return hasTunnel
        }
        guard isThere else {
            throw .modeUnavailable(
                """
                this server has no virtual networks: the tunnels' UDP port \(configuration.tunnelPort) is in use; \
                free it, or choose another with --tunnel-port
                """)
        }
    }

    private func bind(
        _ slot: Slot, _ occupant: SlotOccupant, to mode: NetworkMode, _ state: inout State, since start: UInt64
    ) throws(SlotError) {
        let index = slot.index
        guard state.slots[index].isClaimed(by: slot.claim), var use = state.uses[index] else {
            throw .notClaimed(slot: index)
        }
        try leaveNetwork(index, &state)
        use.resident = nil
        var entry = slot_entry()
        entry.interface = interface(of: index)
        entry.occupant = occupant == .microvm ? 1 : 0
        switch mode {
        case .isolated: entry.mode = UInt8(slot_mode_isolated.rawValue)
        case .egress:
            guard configuration.egress != .none else {
                throw .modeUnavailable("this server gives no function egress: it was started with --egress none")
            }
            entry.mode = UInt8(slot_mode_egress.rawValue)
            entry.address = outsideAddress(of: index).rawValue.bigEndian
            entry.name_server = configuration.nameServer?.rawValue.bigEndian ?? 0
        case .vpc(let network):
            let address = try state.residents.admit(index, to: network, ground.programs.maps)
            use.resident = (address, network.identifier)
            entry.mode = UInt8(slot_mode_vpc.rawValue)
            entry.address = address.rawValue.bigEndian
            entry.vni = network.identifier
            entry.name_server = network.nameServer?.rawValue.bigEndian ?? 0
        }
        entry.state = SlotState.Kind.claimed.rawValue
        entry.claims = UInt32(truncatingIfNeeded: slot.claim)
        entry.since = UInt64(max(0, WallClock.now()))
        state.uses[index] = use
        try rethrowing(try ground.programs.maps.set(entry, of: index), as: SlotError.host)
        state.statistics.claims.add(use.claimTime + MonotonicClock.now() - start)
    }

    func openNamespace(of slot: Slot) throws(NetworkError) -> SharedDescriptor {
        guard state.withLock({ $0.slots[slot.index].isClaimed(by: slot.claim) }) else {
            throw NetworkError(
                "open the namespace of network slot \(slot.index), which has been released", .badFileDescriptor)
        }
        return try ground.openNamespace(of: slot.index)
    }

    /// The slot's address outside of it, in mode `egress`.
    package func outsideAddress(of slot: Int) -> IPv4Address { ground.range.address + UInt32(slot) }

    /// Cuts the slot off at once and takes it back; in the background it is reset.
    package func release(_ slot: Slot) async {
        let index = slot.index
        let released = state.withLock { state in
            guard state.change(index, { $0.release(slot.claim) }) else { return false }
            // A slot of no use to the kernel's maps stays cut off and unclaimed until its reset has found out why.
            try? leaveNetwork(index, &state)
            state.uses[index] = nil
            cutOff(index, as: .draining)
            return true
        }
        if released { work.yield(.reset(index)) }
    }

    private func leaveNetwork(_ index: Int, _ state: inout State) throws(SlotError) {
        guard let resident = state.uses[index]?.resident else { return }
        try rethrowing(
            try state.residents.dismiss(resident.address, from: resident.network, ground.programs.maps),
            as: SlotError.host)
        state.uses[index]?.resident = nil
    }

    // MARK: - The map's side of a state

    private func interface(of index: Int) -> UInt32 { sites.withLock { Hub.end(of: $0[index]).number } }

    /// Lets nothing pass, and says in what state the slot is.
    func cutOff(_ index: Int, as kind: SlotState.Kind) { note(index, as: kind, claims: 0) }

    private func note(_ index: Int, as kind: SlotState.Kind, claims: UInt32) {
        var entry = slot_entry()
        entry.interface = interface(of: index)
        entry.state = kind.rawValue
        entry.claims = claims
        entry.since = UInt64(max(0, WallClock.now()))
        do { try ground.programs.maps.set(entry, of: index) } catch {
            logger.error("a slot's state is not known to the kernel", metadata: ["error": "\(error)"])
        }
    }
}

extension SlotState {
    /// Whether it will be free by itself.
    fileprivate var isComing: Bool {
        switch self {
        case .building, .draining, .resetting, .quarantined(_, isFinal: false): true
        case .free, .claimed, .quarantined: false
        }
    }
}
