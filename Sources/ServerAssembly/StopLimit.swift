import Basics
import Glibc
import Logging

/// Sees to it that a stop ends, whatever is still open: after the time that invocations have, and a few seconds, what still runs is
/// ended at once, as by a second signal; after a few more the process leaves it where it is. Sandboxes die with the process, and
/// the next start clears what they leave.
package struct StopLimit: Sendable {
    /// EX_TEMPFAIL of sysexits(3): something was left for the next start to clear.
    package static let exitStatus: CInt = 75
    /// What all but invocations have to end, and then once more when nothing is waited for.
    package static let rest = Duration.seconds(5)

    private let drain: Duration
    private let timers: any Timers
    private let logger: Logger
    private let endAtOnce: @Sendable () -> Void
    private let leave: @Sendable () -> Void
    private let hurried = Outcome<Void>()
    private let ended = Outcome<Void>()

    /// - Parameters:
    ///   - drain: what invocations under way have.
    ///   - endAtOnce: has nobody wait any longer; may be called twice.
    ///   - leave: ends the process.
    package init(
        drain: Duration, timers: any Timers = .system, logger: Logger, endAtOnce: @escaping @Sendable () -> Void,
        leave: @escaping @Sendable () -> Void = { _exit(StopLimit.exitStatus) }
    ) {
        self.drain = drain
        self.timers = timers
        self.logger = logger
        self.endAtOnce = endAtOnce
        self.leave = leave
    }

    /// From now on time runs, until ``end()``.
    package func begin() {
        Task {
            if await hurried.wait(within: drain + Self.rest, on: timers) == nil {
                logger.warning("ending at once what does not end by itself")
                endAtOnce()
            }
            if await ended.wait(within: Self.rest, on: timers) == nil { giveUp() }
        }
    }

    /// Waits for nothing that can be ended.
    package func hurry() {
        endAtOnce()
        hurried.settle()
    }

    /// Waits for nothing at all.
    package func giveUp() {
        logger.error("stopped in the middle of something; the next start clears what is left")
        leave()
    }

    /// The stop has come to its end.
    package func end() {
        ended.settle()
        hurried.settle()
    }
}
