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

    /// Takes room for a sandbox of a version, for which others may have to go that wait; nil when there is none.
    func reserve(
        _ version: VersionKey, at level: IsolationLevel, megabytes: Int
    ) async -> MemoryReservation? {
        let guess = Self.guess(level, megabytes: megabytes)
        while true {
            if let reservation = budget.reserve(version, guess: guess) { return reservation }
            let charged = await engine.stock().reduce(0) { $0 + ($1.sandboxBytes ?? 0) }
            if let reservation = budget.reserve(version, guess: guess, charged: charged) { return reservation }
            guard await giveBack(guess) else { return nil }
        }
    }

    /// What a small function uses, for one of which nothing is known: of a machine its own kernel and QEMU too.
    private static func guess(_ level: IsolationLevel, megabytes: Int) -> UInt64 {
        switch level {
        case .process: UInt64(min(megabytes, 64)) << 20
        case .microvm: UInt64(64 + min(megabytes, 256) / 2) << 20
        }
    }

    /// The least useful thing goes; false when there is none.
    private func giveBack(_ bytes: UInt64) async -> Bool {
        if let ending = pool.evictOldest(), await ending.wait(within: Self.patience) != nil { return true }
        for reserve in EngineReserve.allCases {
            if await engine.shed(reserve, atLeast: bytes) > 0 { return true }
        }
        return false
    }
}
