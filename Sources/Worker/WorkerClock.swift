package import Basics
internal import LinuxKit

import struct Foundation.Date

/// The time as the worker sees it; tests put their own in place.
package struct WorkerClock: Sendable {
    /// Time since some instant in the past; never steps back.
    package var now: @Sendable () -> Duration
    /// CLOCK_REALTIME, nanoseconds since 1970.
    package var wallClock: @Sendable () -> UInt64
    package var sleep: @Sendable (Duration) async throws -> Void
    /// What ends waits.
    private let timer: @Sendable (Duration, @escaping @Sendable () -> Void) -> DeadlineTimer

    /// Waits end when `sleep` does.
    package init(
        now: @escaping @Sendable () -> Duration, wallClock: @escaping @Sendable () -> UInt64,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.wallClock = wallClock
        self.sleep = sleep
        timer = { limit, expired in DeadlineTimer(after: { try await sleep(limit) }, expired) }
    }

    private init() {
        now = { .nanoseconds(Int64(MonotonicClock.now())) }
        wallClock = { WallClock.now() }
        sleep = { try await Task.sleep(for: $0) }
        timer = { TimerThread.shared.after($0, $1) }
    }

    package static let system = WorkerClock()

    /// The wall clock's time.
    var date: Date { Date(timeIntervalSince1970: Double(wallClock()) / 1e9) }
}

extension WorkerClock: Timers {
    package func after(_ limit: Duration, _ expired: @escaping @Sendable () -> Void) -> DeadlineTimer {
        timer(limit, expired)
    }
}

extension Duration {
    /// Milliseconds with their fraction.
    package var milliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) * 1e3 + Double(attoseconds) / 1e15
    }
}
