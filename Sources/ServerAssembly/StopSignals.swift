import Glibc
import Logging
import Synchronization
import UnixSignals

/// SIGTERM and SIGINT. The first stops the server, which gives invocations under way time to end; the second ends everything at
/// once, in order; a third ends the process.
package final class StopSignals: Sendable {
    /// What signals act on once a server is there.
    package struct Target: Sendable {
        let stop: @Sendable () async -> Void
        let hurry: @Sendable () -> Void
        let giveUp: @Sendable () -> Void

        package init(
            stop: @escaping @Sendable () async -> Void, hurry: @escaping @Sendable () -> Void,
            giveUp: @escaping @Sendable () -> Void
        ) {
            self.stop = stop
            self.hurry = hurry
            self.giveUp = giveUp
        }
    }

    private struct State {
        var received = 0
        var target: Target?
    }

    private let logger: Logger
    private let state = Mutex(State())

    package init(logger: Logger) { self.logger = logger }

    /// Traps the signals from now on. Handles them until it is cancelled.
    package func handle(_ signals: UnixSignalsSequence) async {
        for await signal in signals { await receive(signal) }
    }

    /// From now on signals act on `target`.
    /// - Returns: how many have come before.
    package func aim(at target: Target) -> Int {
        state.withLock { state in
            state.target = target
            return state.received
        }
    }

    private func receive(_ signal: UnixSignal) async {
        let (number, target) = state.withLock { state in
            state.received += 1
            return (state.received, state.target)
        }
        switch (number, target) {
        case (1, nil):
            logger.notice("stopping once the start is complete; a second signal breaks it off")
        case (_, nil):
            // What a broken start leaves the next one clears.
            _ = Glibc.signal(signal.rawValue, SIG_DFL)
            raise(signal.rawValue)
        case (1, let target?):
            logger.notice("stopping; a second signal ends at once what still runs")
            await target.stop()
        case (2, let target?):
            logger.notice("ending at once what still runs")
            target.hurry()
        case (3..., let target?): target.giveUp()
        default: break
        }
    }
}
