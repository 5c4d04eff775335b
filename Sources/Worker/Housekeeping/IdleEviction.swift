/// Ends sandboxes that nobody has used for the keep-warm time. Sleeps until the next one is due; never polls.
package struct IdleEviction: Sendable {
    let pool: SandboxPool
    let keepWarm: Duration
    let clock: WorkerClock

    package init(pool: SandboxPool, keepWarm: Duration, clock: WorkerClock) {
        self.pool = pool
        self.keepWarm = keepWarm
        self.clock = clock
    }

    /// Runs until the pool is closed or the task cancelled.
    package func run() async {
        for await _ in pool.wakeups {
            // The idle ones grow old in order, so a new one is never due before the one slept for.
            while let due = pool.nextExpiry(keepWarm: keepWarm) {
                do { try await clock.sleep(due) } catch { return }
                pool.evictExpired(keepWarm: keepWarm)
            }
        }
    }
}
