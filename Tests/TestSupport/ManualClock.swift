import Basics
import Synchronization

/// Time that stands still until a test lets a limit pass.
package final class ManualClock: DeadlineClock {
    private struct Running {
        let limit: Duration
        let end: ContinuousClock.Instant
        let expired: @Sendable () -> Void
    }

    private struct State {
        var now = ContinuousClock.now
        var running: [Int: Running] = [:]
        var started = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    package var now: ContinuousClock.Instant { state.withLock { $0.now } }

    package func after(_ limit: Duration, _ expired: @escaping @Sendable () -> Void) -> DeadlineTimer {
        // As an event loop does, at once or nearly so: the end may have come with the limit of an earlier wait.
        guard limit > .zero else {
            expired()
            return DeadlineTimer {}
        }
        let (number, waiter) = state.withLock { state in
            state.started += 1
            state.running[state.started] = Running(limit: limit, end: state.now + limit, expired: expired)
            defer { state.waiter = nil }
            return (state.started, state.waiter)
        }
        waiter?.resume()
        return DeadlineTimer { [self] in state.withLock { $0.running[number] = nil } }
    }

    /// Lets time pass in which no limit ends.
    package func advance(by duration: Duration) { state.withLock { $0.now += duration } }

    /// Lets time pass until a limit of this length ends, once somebody waits for one.
    package func expire(_ limit: Duration) async {
        while true {
            let next = state.withLock { state -> Running? in
                guard let next = state.running.first(where: { $0.value.limit == limit }) else { return nil }
                state.running[next.key] = nil
                state.now = max(state.now, next.value.end)
                return next.value
            }
            if let next { return next.expired() }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    let isReady = state.running.contains { $0.value.limit == limit }
                    if !isReady { state.waiter = continuation }
                    return isReady
                }
                if isReady { continuation.resume() }
            }
        }
    }
}
