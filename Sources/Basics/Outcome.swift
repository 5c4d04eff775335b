import Synchronization

/// What comes of something, once: the first who knows it says so, and everybody who asks hears the same, before or afterwards,
/// each for as long as he may wait.
///
/// A wait ends by the outcome or by its limit, whichever comes first, and by nothing else: that a task is cancelled does not end
/// it. A late outcome is still there for whoever asks again.
package final class Outcome<Value: Sendable>: Sendable {
    private enum State {
        case open([Turn<Value>])
        case settled(Value)
    }

    private let state = Mutex(State.open([]))

    package init() {}

    /// - Returns: whether this was the first; only that one counts.
    @discardableResult
    package func settle(_ value: Value) -> Bool {
        let turns = state.withLock { state -> [Turn<Value>]? in
            guard case .open(let turns) = state else { return nil }
            state = .settled(value)
            return turns
        }
        guard let turns else { return false }
        for turn in turns { turn.end(value) }
        return true
    }

    /// Nil as long as nobody knows.
    package var value: Value? {
        state.withLock { if case .settled(let value) = $0 { value } else { nil } }
    }

    /// Waits for it without a limit: for what ends by itself.
    package func wait() async -> Value {
        let turn = Turn<Value>()
        if let known = join(turn) { return known }
        while true {
            // A turn without a limit ends with a value.
            if let value = await turn.ended() { return value }
        }
    }

    /// Waits for it; nil when it has not come within `limit`.
    package func wait(within limit: Duration, on timers: some Timers = .system) async -> Value? {
        let turn = Turn<Value>()
        if let known = join(turn) { return known }
        let timer = timers.after(limit) { turn.end(nil) }
        defer { timer.cancel() }
        if let value = await turn.ended() { return value }
        leave(turn)
        return nil
    }

    /// Waits for it; nil when it has not come by `deadline`.
    package func wait(by deadline: Deadline, on clock: some DeadlineClock = .system) async -> Value? {
        await wait(within: deadline.remaining(at: clock.now), on: clock)
    }

    private func join(_ turn: Turn<Value>) -> Value? {
        state.withLock { state in
            switch state {
            case .settled(let value): return value
            case .open(let turns):
                state = .open(turns + [turn])
                return nil
            }
        }
    }

    private func leave(_ turn: Turn<Value>) {
        state.withLock { state in
            if case .open(let turns) = state { state = .open(turns.filter { $0 !== turn }) }
        }
    }
}

extension Outcome where Value == Void {
    @discardableResult
    package func settle() -> Bool { settle(()) }
}

/// One wait, which ends once: with a value or without, before its task is there to hear of it or afterwards.
private final class Turn<Value: Sendable>: Sendable {
    private enum State {
        case open
        case waited(CheckedContinuation<Value?, Never>)
        case ended(Value?)
    }

    private let state = Mutex(State.open)

    func end(_ value: Value?) {
        let waiter = state.withLock { state -> CheckedContinuation<Value?, Never>? in
            switch state {
            case .ended: return nil
            case .open:
                state = .ended(value)
                return nil
            case .waited(let waiter):
                state = .ended(value)
                return waiter
            }
        }
        waiter?.resume(returning: value)
    }

    func ended() async -> Value? {
        await withCheckedContinuation { waiter in
            let ended = state.withLock { state -> Value?? in
                if case .ended(let value) = state { return .some(value) }
                state = .waited(waiter)
                return nil
            }
            if let ended { waiter.resume(returning: ended) }
        }
    }
}
