import Basics
import NIOCore

/// The event loops' time.
struct EventLoopClock: DeadlineClock {
    let group: any EventLoopGroup

    var now: ContinuousClock.Instant { .now }

    func after(_ limit: Duration, _ expired: @escaping @Sendable () -> Void) -> DeadlineTimer {
        let scheduled = group.next().scheduleTask(in: TimeAmount(limit), expired)
        return DeadlineTimer { scheduled.cancel() }
    }
}
