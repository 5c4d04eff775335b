import NIOCore

/// What waits for a machine measure their limits by: the event loops' time, or one that a test moves by hand.
package protocol DeadlineClock: Sendable {
    var now: ContinuousClock.Instant { get }
    /// Calls `expired` once `limit` has passed, unless the timer is cancelled before.
    func after(_ limit: Duration, _ expired: @escaping @Sendable () -> Void) -> DeadlineTimer
}

/// One limit that runs.
package struct DeadlineTimer: Sendable {
    let cancel: @Sendable () -> Void

    package init(cancel: @escaping @Sendable () -> Void) {
        self.cancel = cancel
    }

}

struct EventLoopClock: DeadlineClock {
    let group: any EventLoopGroup

    var now: ContinuousClock.Instant { .now }

    func after(_ limit: Duration, _ expired: @escaping @Sendable () -> Void) -> DeadlineTimer {
        let scheduled = group.next().scheduleTask(in: TimeAmount(limit), expired)
        return DeadlineTimer { scheduled.cancel() }
    }
}
