internal import Basics
internal import Logging
internal import Sandboxes

/// Gives the host memory back that no invocation needs: idle sandboxes, then clones prepared ahead, then templates nobody uses.
///
/// Before the kernel does it, which cannot tell them from those that work.
package struct MemoryRelief: Sendable {
    /// What an idle sandbox takes to end where all is well.
    private static let patience = Duration.seconds(5)

    let budget: HostMemoryBudget
    let pool: SandboxPool
    let engine: any SandboxEngine
    let clock: WorkerClock
    let logger: Logger

    /// Looks whenever `beats` says, until that ends or the task is cancelled.
    func run(_ beats: AsyncStream<Void>) async {
        for await _ in beats { await relieve() }
    }

    /// Gives back until there is comfort again, or nothing is left that can go.
    func relieve() async {
        let missing = budget.shortage()
        guard missing > 0 else { return }
        var gone = 0
        while budget.shortage() > 0, await giveBack(budget.shortage()) { gone += 1 }
        guard gone > 0 else { return }
        logger.notice(
            "memory is short: ended what waited for invocations",
            metadata: ["missing-bytes": "\(missing)", "still-missing-bytes": "\(budget.shortage())"])
    }

    /// Takes room for a sandbox of a version, for which others may have to go that wait; nil when there is none soon.
    func reserve(
        _ version: VersionKey, at level: IsolationLevel, megabytes: Int
    ) async -> MemoryReservation? {
        // Of a function of which little is known: many have far more than they use.
        let guess = UInt64(min(megabytes, 128)) << 20
        let overhead = Self.overhead(level)
        let refusal = clock.now() + SandboxPool.patienceWhenFull
        while true {
            if let reservation = budget.reserve(version, guess: guess, overhead: overhead) { return reservation }
            let change = pool.nextChange
            let charged = await engine.stock().reduce(0) { $0 + ($1.sandboxBytes ?? 0) }
            if let reservation = budget.reserve(version, guess: guess, overhead: overhead, charged: charged) {
                return reservation
            }
            if await giveBack(guess + overhead) { continue }
            let patience = refusal - clock.now()
            guard patience > .zero, await change.wait(within: patience, on: clock) != nil else { return nil }
        }
    }

    /// What a machine has beside what its guest tells: QEMU, and the guest's kernel.
    private static func overhead(_ level: IsolationLevel) -> UInt64 { level == .microvm ? 64 << 20 : 0 }

    /// The least useful thing goes; false when there is none.
    private func giveBack(_ bytes: UInt64) async -> Bool {
        if let ending = pool.evictOldest(), await ending.wait(within: Self.patience) != nil { return true }
        for reserve in EngineReserve.allCases {
            if await engine.shed(reserve, atLeast: bytes) > 0 { return true }
        }
        return false
    }
}
