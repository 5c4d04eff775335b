internal import Basics
internal import Logging

/// A stop's wait for the invocations under way.
struct Drain: Sendable {
    let pool: SandboxPool
    let limit: Duration
    let clock: WorkerClock
    let logger: Logger
    /// Ends the wait: true when nothing runs any more.
    private let ended = Outcome<Bool>()

    init(pool: SandboxPool, limit: Duration, clock: WorkerClock, logger: Logger) {
        self.pool = pool
        self.limit = limit
        self.clock = clock
        self.logger = logger
    }

    /// Ends the wait, or the one that has not begun.
    func hurry() { ended.settle(false) }

    /// Waits until no sandbox is left of a pool that has been closed, but no longer than the limit.
    func run() async {
        tell(.notice, "waiting for invocations under way", ["limit": "\(limit)"])
        let emptied = Task {
            await pool.waitUntilEmpty()
            ended.settle(true)
        }
        // Not waited for beyond that: the engine's shutdown is what lets it end.
        defer { emptied.cancel() }
        if await ended.wait(within: limit, on: clock) != true {
            tell(.warning, "invocations still under way are ended")
        }
    }

    /// Says something of what runs, if anything does.
    private func tell(_ level: Logger.Level, _ text: Logger.Message, _ more: Logger.Metadata = [:]) {
        let running = pool.running
        guard running.count > 0 else { return }
        let names = running.functions.map { "\($0.functionName):\($0.version)" }.sorted()
        logger.log(
            level: level, text,
            metadata: more.merging(
                ["count": "\(running.count)", "functions": "\(names.joined(separator: " "))"], uniquingKeysWith: { $1 })
        )
    }
}
