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

    package init(
        now: @escaping @Sendable () -> Duration, wallClock: @escaping @Sendable () -> UInt64,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.wallClock = wallClock
        self.sleep = sleep
    }

    package static let system = WorkerClock(
        now: { .nanoseconds(Int64(MonotonicClock.now())) }, wallClock: { WallClock.now() },
        sleep: { try await Task.sleep(for: $0) })

    /// The wall clock's time.
    var date: Date { Date(timeIntervalSince1970: Double(wallClock()) / 1e9) }
}

extension WorkerClock: Timers {
    package func after(_ limit: Duration, _ expired: @escaping @Sendable () -> Void) -> DeadlineTimer {
        DeadlineTimer(after: { [sleep] in try await sleep(limit) }, expired)
    }
}

extension Duration {
    /// Milliseconds with their fraction.
    package var milliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) * 1e3 + Double(attoseconds) / 1e15
    }
}
