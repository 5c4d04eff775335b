internal import Synchronization

/// What comes of something, once: the first who knows it says so, and everybody who asks hears the same, before or afterwards,
/// each for as long as he may wait.
///
/// A wait ends by the outcome or by its limit, whichever comes first, and by nothing else: that a task is cancelled does not end
/// it. A late outcome is still there for whoever asks again.
///
/// On the way of every invocation: what is generic is inlined where it is used, and the waits know nothing of the value. Otherwise
/// each step would look up types at run time, which takes longer than the step.
package final class Outcome<Value: Sendable>: Sendable {
    @usableFromInline let waits = Waits()
    /// Written once, under the waits' lock; read by those who have been told that it is there.
    @usableFromInline nonisolated(unsafe) var known: Value?

    @inlinable package init() {}

    /// - Returns: whether this was the first; only that one counts.
    @inlinable @discardableResult
    package func settle(_ value: Value) -> Bool { waits.settle { known = value } }

    /// Nil as long as nobody knows.
    @inlinable package var value: Value? { waits.areOver ? known : nil }

    /// Waits for it without a limit: for what ends by itself.
    @inlinable package func wait() async -> Value {
        while true {
            await waits.wait()
            if let known { return known }
        }
    }

    /// Waits for it; nil when it has not come within `limit`.
    @inlinable package func wait(within limit: Duration, on timers: some Timers = .system) async -> Value? {
        await waits.wait(within: limit, on: timers) ? known : nil
    }

    /// Waits for it; nil when it has not come by `deadline`.
    @inlinable package func wait(by deadline: Deadline, on clock: some DeadlineClock = .system) async -> Value? {
        await wait(within: deadline.remaining(at: clock.now), on: clock)
    }
}

extension Outcome where Value == Void {
    @inlinable @discardableResult
    package func settle() -> Bool { settle(()) }
}

/// Those who wait for one outcome.
package struct Waits: ~Copyable, Sendable {
    private enum Wait {
        case unlimited(UnsafeContinuation<Void, Never>)
        case limited(Turn)

        func end() {
            switch self {
            // Taken out of the list once.
            case .unlimited(let waiter): waiter.resume()
            case .limited(let turn): turn.end(true)
            }
        }
    }

    private struct State {
        var areOver = false
        var open: [Wait] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var areOver: Bool { state.withLock { $0.areOver } }

    /// Ends all waits, those to come too, once `note` has noted the outcome; false when that has been done before.
    package func settle(_ note: () -> Void) -> Bool {
        let waits = state.withLock { state -> [Wait]? in
            if state.areOver { return nil }
            note()
            state.areOver = true
            defer { state.open = [] }
            return state.open
        }
        guard let waits else { return false }
        for wait in waits { wait.end() }
        return true
    }

    package func wait() async {
        await withUnsafeContinuation { waiter in
            if !add(.unlimited(waiter)) { waiter.resume() }
        }
    }

    /// False when the limit has passed first.
    package func wait(within limit: Duration, on timers: some Timers) async -> Bool {
        let turn = Turn()
        guard add(.limited(turn)) else { return true }
        let timer = timers.after(limit) { turn.end(false) }
        defer { timer.cancel() }
        if await turn.ended() { return true }
        leave(turn)
        return false
    }

    /// False when there is nothing to wait for any more.
    private func add(_ wait: Wait) -> Bool {
        state.withLock { state in
            if state.areOver { return false }
            state.open.append(wait)
            return true
        }
    }

    private func leave(_ turn: Turn) {
        state.withLock { state in
            state.open.removeAll { if case .limited(turn) = $0 { true } else { false } }
        }
    }
}

/// One wait with a limit, which ends once: by the outcome or without, before its task is there to hear of it or afterwards.
private final class Turn: Sendable, Equatable {
    private enum State {
        case open
        case waited(UnsafeContinuation<Bool, Never>)
        case ended(Bool)
    }

    private let state = Mutex(State.open)

    static func == (one: Turn, other: Turn) -> Bool { one === other }

    func end(_ hasOutcome: Bool) {
        let waiter = state.withLock { state -> UnsafeContinuation<Bool, Never>? in
            switch state {
            case .ended: return nil
            case .open:
                state = .ended(hasOutcome)
                return nil
            case .waited(let waiter):
                state = .ended(hasOutcome)
                return waiter
            }
        }
        waiter?.resume(returning: hasOutcome)
    }

    /// Whether by the outcome.
    func ended() async -> Bool {
        await withUnsafeContinuation { waiter in
            let ended = state.withLock { state -> Bool? in
                if case .ended(let hasOutcome) = state { return hasOutcome }
                state = .waited(waiter)
                return nil
            }
            if let ended { waiter.resume(returning: ended) }
        }
    }
}
