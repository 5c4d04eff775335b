/// What ends waits: the host's time, an event loop's, or one that a test moves by hand.
package protocol Timers: Sendable {
    /// Calls `expired` once `limit` has passed, unless the timer is cancelled before.
    func after(_ limit: Duration, _ expired: @escaping @Sendable () -> Void) -> DeadlineTimer
}

/// Timers whose time deadlines are compared with.
package protocol DeadlineClock: Timers {
    var now: ContinuousClock.Instant { get }
}

/// One limit that runs.
package struct DeadlineTimer: Sendable {
    package let cancel: @Sendable () -> Void

    package init(cancel: @escaping @Sendable () -> Void) { self.cancel = cancel }

    /// Calls `expired` when `sleep` has ended, but not when that was cancelled.
    package init(
        after sleep: @escaping @Sendable () async throws -> Void, _ expired: @escaping @Sendable () -> Void
    ) {
        let task = Task {
            do { try await sleep() } catch { return }
            expired()
        }
        cancel = { task.cancel() }
    }
}

/// The host's time.
package struct SystemClock: DeadlineClock {
    package init() {}

    package var now: ContinuousClock.Instant { .now }

    package func after(_ limit: Duration, _ expired: @escaping @Sendable () -> Void) -> DeadlineTimer {
        DeadlineTimer(after: { try await Task.sleep(for: limit) }, expired)
    }
}

extension Timers where Self == SystemClock {
    package static var system: SystemClock { SystemClock() }
}
