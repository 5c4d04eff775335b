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
package final class EngineLoop: Sendable {
    let core: LoopCore

    package init() throws(Errno) {
        let core = try LoopCore()
        self.core = core
        let threads = Mutex<LoopCore?>(core)
        try PosixThread.start { for mourner in Self.run(threads.withLock { $0.take() }) { mourner() } }
    }

    /// When somebody hears of the end, the thread holds nothing any more.
    private static func run(_ core: consuming LoopCore?) -> [@Sendable () -> Void] { core?.run() ?? [] }

    deinit { core.close() }

    package func makeSeat() throws(Errno) -> LoopSeat { try LoopSeat(self) }

    /// Runs `work` on the loop's thread: at once when that is the calling one, soon otherwise. After ``shutdown()`` never.
    package func perform(_ work: @escaping @Sendable () -> Void) { core.perform(work) }

    /// Ends the thread when what has been given to it is done, and waits for that. No deadline passes afterwards: end
    /// whoever waits before.
    package func shutdown() async {
        await withCheckedContinuation { ended in core.close { ended.resume() } }
    }
}

/// Who sits in a loop. Both are called on the loop's thread.
package protocol LoopMember: AnyObject, Sendable {
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
        /// Otherwise it looks at the work and the deadlines before it sleeps, and nobody need wake it.
        var isAsleep = false
        /// When the alarm wakes the thread: not after the earliest deadline while it sleeps.
        var alarmTime = UInt64.max
        var isClosed = false
        var isOver = false
        var mourners: [@Sendable () -> Void] = []
    }

    let queue: EventQueue
    private let state = Mutex(State())
    /// Others set it too: a deadline that is set wakes nobody before its time.
    private let alarm: AlarmDescriptor
    private let thread = Atomic<UInt>(0)

    init() throws(Errno) {
        queue = try EventQueue()
        alarm = try AlarmDescriptor()
        try queue.add(alarm.descriptor, .readable, token: Self.wakeToken)
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
        state.withLock { state in
            state.deadlines.set(deadline, for: index)
            if state.isAsleep { setAlarm(deadline, &state) }
        }
    }

    func perform(_ work: @escaping @Sendable () -> Void) {
        if thread.load(ordering: .relaxed) == UInt(pthread_self()) {
            work()
            return
        }
        state.withLock { state in
            state.work.append(work)
            if state.isAsleep { setAlarm(0, &state) }
        }
    }

    func close(_ ended: (@Sendable () -> Void)? = nil) {
        let isOver = state.withLock { state in
            state.isClosed = true
            if let ended, !state.isOver { state.mourners.append(ended) }
            if state.isAsleep { setAlarm(0, &state) }
            return state.isOver
        }
        if isOver { ended?() }
    }

    /// Under the lock, or two who set it would pass each other. It fails only for arguments that are wrong.
    private func setAlarm(_ time: UInt64, _ state: inout State) {
        guard time < state.alarmTime else { return }
        state.alarmTime = time
        try? alarm.set(time)
    }

    private static func tokens(_ index: Int, _ turn: UInt64) -> UInt64 {
        (turn << indexBits | UInt64(index)) << 32
    }

    // MARK: - The loop's thread

    /// Returns who wants to hear of the end.
    func run() -> [@Sendable () -> Void] {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        var work: [@Sendable () -> Void] = []
        while prepare(&work) {
            for piece in work { piece() }
            let limit: Duration? = work.isEmpty ? nil : .zero
            work.removeAll(keepingCapacity: true)
            // It fails only for arguments that are wrong.
            try? queue.wait(atMost: limit, maximum: Self.batch) { dispatch($0) }
            while let member = overdue() { member.deadlinePassed() }
        }
        return state.withLock { state in
            state.isOver = true
            defer { state.mourners = [] }
            return state.mourners
        }
    }

    /// Takes the work that waits; false at the end. When there is none the thread may sleep: from here on others wake it.
    private func prepare(_ work: inout [@Sendable () -> Void]) -> Bool {
        state.withLock { state in
            swap(&state.work, &work)
            guard work.isEmpty else { return true }
            if state.isClosed { return false }
            state.isAsleep = true
            setAlarm(state.deadlines.earliest ?? .max, &state)
            return true
        }
    }

    private func dispatch(_ event: EventQueue.Event) {
        guard event.token != Self.wakeToken else { return alarmRang() }
        let tokens = event.token & ~0xFFFF_FFFF
        let index = Int(event.token >> 32 & (1 << Self.indexBits - 1))
        let member = state.withLock { state -> (any LoopMember)? in
            state.isAsleep = false
            guard index < state.places.count, Self.tokens(index, state.places[index].turn) == tokens else { return nil }
            return state.places[index].member
        }
        member?.handle(event)
    }

    private func alarmRang() {
        state.withLock { state in
            state.isAsleep = false
            state.alarmTime = .max
            try? alarm.set(.max)
        }
    }

    /// The next member whose deadline has passed.
    private func overdue() -> (any LoopMember)? {
        let now = MonotonicClock.now()
        return state.withLock { state in
            state.isAsleep = false
            while let index = state.deadlines.takePassed(at: now) {
                if let member = state.places[index].member { return member }
            }
            return nil
        }
    }
}
