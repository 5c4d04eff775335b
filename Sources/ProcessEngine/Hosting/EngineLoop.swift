import Glibc
import LinuxKit
import RuntimeAPI
import Synchronization
import SystemPackage

/// One thread that waits for everything of all process sandboxes: their Runtime API, their output, their end.
///
/// A member takes a ``LoopSeat`` and registers its descriptors there. Events, deadlines and ``perform(_:)`` run on the loop's
/// thread, one after the other: none of them may block. Members guard their state with a lock of their own, so that other
/// threads need not wait for the loop to do what they want done: a write that would have to change threads first costs more
/// than all the rest of it.
///
/// The thread ends with ``shutdown()``, or when the loop is no longer used.
final class EngineLoop: Sendable {
    let core: LoopCore

    init() throws(Errno) {
        let core = try LoopCore()
        self.core = core
        try PosixThread.start { core.run() }
    }

    deinit { core.close() }

    func makeSeat() throws(Errno) -> LoopSeat { try LoopSeat(self) }

    /// Runs `work` on the loop's thread: at once when that is the calling one, soon otherwise. After ``shutdown()`` never.
    func perform(_ work: @escaping @Sendable () -> Void) { core.perform(work) }

    /// Ends the thread when what has been given to it is done, and waits for that. No deadline passes afterwards: end
    /// whoever waits before.
    func shutdown() async {
        await withCheckedContinuation { ended in core.close { ended.resume() } }
    }
}

/// Who sits in a loop. Both are called on the loop's thread.
protocol LoopMember: AnyObject, Sendable {
    /// One of its descriptors is ready.
    func handle(_ event: EventQueue.Event)
    func deadlinePassed()
}

/// What an ``EngineLoop`` and its thread share.
final class LoopCore: Sendable {
    /// How many events are taken at once; the others wait until these are done, so that none waits for long.
    private static let batch = 64
    /// The seat's index within the upper half of a token; the rest tells apart who sat there one after the other.
    private static let indexBits: UInt64 = 20
    private static let wakeToken = UInt64.max

    private struct Place {
        var turn: UInt64 = 0
        weak var member: (any LoopMember)?
    }

    private struct State {
        var places: [Place] = []
        var free: [Int] = []
        var deadlines = DeadlineHeap()
        var work: [@Sendable () -> Void] = []
        /// When the thread wakes up by itself; 0 while it is awake, and then nobody need wake it.
        var asleepUntil: UInt64 = 0
        var isClosed = false
        var isOver = false
        var mourners: [@Sendable () -> Void] = []
    }

    let queue: EventQueue
    private let state = Mutex(State())
    private let alarm: OwnedDescriptor
    private let thread = Atomic<UInt>(0)

    init() throws(Errno) {
        queue = try EventQueue()
        alarm = try OwnedDescriptor.event()
        try queue.add(alarm, .readable, token: Self.wakeToken)
    }

    // MARK: - Any thread

    /// An index and the upper half of the tokens that belong to it.
    func takePlace() throws(Errno) -> (index: Int, tokens: UInt64) {
        try state.withLock { state throws(Errno) in
            let index = state.free.popLast() ?? state.places.count
            guard index < 1 << Self.indexBits - 1 else { throw .tooManyOpenFiles }
            if index == state.places.count { state.places.append(Place()) }
            return (index, Self.tokens(index, state.places[index].turn))
        }
    }

    func setMember(_ member: any LoopMember, at index: Int) {
        state.withLock { $0.places[index].member = member }
    }

    func leavePlace(_ index: Int) {
        state.withLock { state in
            state.places[index].member = nil
            state.places[index].turn += 1
            state.deadlines.remove(index)
            state.free.append(index)
        }
    }

    func setDeadline(_ deadline: UInt64, at index: Int) {
        let isDue = state.withLock { state in
            state.deadlines.set(deadline, for: index)
            return Self.mustWake(&state, before: deadline)
        }
        if isDue { wake() }
    }

    func perform(_ work: @escaping @Sendable () -> Void) {
        if thread.load(ordering: .relaxed) == UInt(pthread_self()) {
            work()
            return
        }
        let isAsleep = state.withLock { state in
            state.work.append(work)
            return Self.mustWake(&state, before: 0)
        }
        if isAsleep { wake() }
    }

    func close(_ ended: (@Sendable () -> Void)? = nil) {
        let isOver = state.withLock { state in
            state.isClosed = true
            if let ended, !state.isOver { state.mourners.append(ended) }
            return state.isOver
        }
        if isOver { ended?() } else { wake() }
    }

    /// Whether the thread sleeps and would sleep too long. Said once: it is awake then.
    private static func mustWake(_ state: inout State, before deadline: UInt64) -> Bool {
        guard state.asleepUntil > deadline else { return false }
        state.asleepUntil = 0
        return true
    }

    private func wake() { _ = try? alarm.write([1, 0, 0, 0, 0, 0, 0, 0] as [UInt8]) }

    private static func tokens(_ index: Int, _ turn: UInt64) -> UInt64 {
        (turn << indexBits | UInt64(index)) << 32
    }

    // MARK: - The loop's thread

    func run() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        var work: [@Sendable () -> Void] = []
        while let deadline = prepare(&work) {
            for piece in work { piece() }
            let now = MonotonicClock.now()
            let limit: Duration? =
                if !work.isEmpty || deadline <= now {
                    .zero
                } else if deadline == .max {
                    nil
                } else {
                    .nanoseconds(Int64(clamping: deadline - now))
                }
            work.removeAll(keepingCapacity: true)
            // It fails only for arguments that are wrong.
            try? queue.wait(atMost: limit, maximum: Self.batch) { dispatch($0) }
            while let member = overdue() { member.deadlinePassed() }
        }
        let mourners = state.withLock { state in
            state.isOver = true
            defer { state.mourners = [] }
            return state.mourners
        }
        for mourner in mourners { mourner() }
    }

    /// Takes the work that waits and says until when to sleep; nil at the end. From here on others wake the thread.
    private func prepare(_ work: inout [@Sendable () -> Void]) -> UInt64? {
        state.withLock { state in
            swap(&state.work, &work)
            if work.isEmpty, state.isClosed { return nil }
            let deadline = state.deadlines.earliest ?? .max
            state.asleepUntil = work.isEmpty ? max(1, deadline) : 0
            return deadline
        }
    }

    private func dispatch(_ event: EventQueue.Event) {
        guard event.token != Self.wakeToken else {
            _ = try? alarm.read(upTo: 8)
            return
        }
        let tokens = event.token & ~0xFFFF_FFFF
        let index = Int(event.token >> 32 & (1 << Self.indexBits - 1))
        let member = state.withLock { state -> (any LoopMember)? in
            state.asleepUntil = 0
            guard index < state.places.count, Self.tokens(index, state.places[index].turn) == tokens else { return nil }
            return state.places[index].member
        }
        member?.handle(event)
    }

    /// The next member whose deadline has passed.
    private func overdue() -> (any LoopMember)? {
        let now = MonotonicClock.now()
        return state.withLock { state in
            state.asleepUntil = 0
            while let index = state.deadlines.takePassed(at: now) {
                if let member = state.places[index].member { return member }
            }
            return nil
        }
    }
}
