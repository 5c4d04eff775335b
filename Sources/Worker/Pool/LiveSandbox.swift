internal import Basics
internal import FunctionModel
internal import NetworkModel
internal import Sandboxes
internal import Snapshots
import Synchronization

/// A sandbox that has been initialised or thawed, with what the worker keeps beside it.
final class LiveSandbox: Sendable {
    let key: SandboxKey
    let sandbox: any Sandbox
    let log: LogStream
    /// How long a claimer waits until this one asks for its next event: far less than a new one would take it.
    let patience: Duration
    /// Whether its runtime asked for its next event after it had answered the last one. Nil before the first.
    private let settling = Mutex<Outcome<Bool>?>(nil)
    /// Its part of the host's memory.
    private let memory = Mutex<MemoryReservation?>(nil)
    /// The most memory it had used when it was idle last.
    private let notedPeak = Atomic<UInt64>(0)
    /// What this is a clone of, until ``takeSnapshot()``.
    private let snapshot: Mutex<SnapshotLease?>
    private let rest = Mutex(Rest())

    private struct Rest {
        /// When it became idle last.
        var since = Duration.zero
        /// What looks whether it still is.
        var timer: DeadlineTimer?
        var isOver = false
    }

    /// How long a sandbox runs on that nobody waits for: to stop it, and to let it go on for the next invocation, takes longer than
    /// all else that a busy one's invocations need of the host.
    static let restDelay = Duration.milliseconds(5)

    /// - Parameter startDuration: what it took to start.
    init(
        key: SandboxKey, sandbox: any Sandbox, log: LogStream, startDuration: Duration,
        cloneOf snapshot: SnapshotLease? = nil
    ) {
        self.snapshot = Mutex(snapshot)
        patience = min(max(startDuration / 2, .milliseconds(1)), .milliseconds(20))
        self.key = key
        self.sandbox = sandbox
        self.log = log
    }

    /// The snapshot this was thawed from, the first time it is asked for.
    func takeSnapshot() -> SnapshotLease? {
        snapshot.withLock { snapshot in
            defer { snapshot = nil }
            return snapshot
        }
    }

    /// It has answered; settle what is returned when the runtime asks for its next event, or never will.
    func beginSettling() -> Outcome<Bool> {
        let outcome = Outcome<Bool>()
        settling.withLock { $0 = outcome }
        return outcome
    }

    /// Waits until the runtime is ready for its next invocation: false when it will never be, nil when it is still at work after
    /// `limit`.
    func settled(within limit: Duration, on clock: WorkerClock) async -> Bool? {
        guard let outcome = settling.withLock({ $0 }) else { return true }
        return await outcome.wait(within: limit, on: clock)
    }

    /// The same for who knows that it is settled now, or in a moment.
    func settled() async -> Bool { await settling.withLock { $0 }?.wait() ?? true }

    func hold(_ reservation: MemoryReservation) { memory.withLock { $0 = reservation } }

    /// It has ended an invocation, and used so much at most so far.
    func note(peakMemory: UInt64) {
        notedPeak.store(peakMemory, ordering: .relaxed)
        memory.withLock { $0?.note(peak: peakMemory) }
    }

    /// The most memory it is known to have used, in bytes.
    var peakMemory: UInt64 { max(notedPeak.load(ordering: .relaxed), sandbox.memoryPeak) }

    /// It is idle since `now`. Unless an invocation comes, it stands still ``restDelay`` later.
    ///
    /// One timer serves all that come meanwhile: it looks when it rings, and goes on if it rings too early.
    func becameIdle(at now: Duration, by clock: WorkerClock) {
        rest.withLock { rest in
            rest.since = now
            if rest.timer == nil, !rest.isOver { rest.timer = timer(after: Self.restDelay, clock) }
        }
    }

    private func timer(after delay: Duration, _ clock: WorkerClock) -> DeadlineTimer {
        clock.after(delay) { [weak self] in self?.standStill(clock) }
    }

    private func standStill(_ clock: WorkerClock) {
        let isTime = rest.withLock { rest in
            let left = rest.since + Self.restDelay - clock.now()
            rest.timer = left > .zero && !rest.isOver ? timer(after: left, clock) : nil
            return left <= .zero && !rest.isOver
        }
        // A claimer who has come meanwhile finds it standing, or never sees it stand.
        if isTime { sandbox.rest() }
    }

    /// Ends the sandbox and its log.
    func destroy() async {
        rest.withLock { rest in
            rest.isOver = true
            rest.timer.take()?.cancel()
        }
        await sandbox.destroy()
        memory.withLock { $0 = nil }
        log.close()
    }
}

/// Which invocations a sandbox can serve: those of one version, as it was when the sandbox was made.
struct SandboxKey: Sendable, Hashable {
    /// What a sandbox is made of.
    enum Origin: Sendable, Hashable {
        /// Booted at a level that the function's tags may change, from what ``FunctionConfiguration/contentID`` names.
        case configuration(contentID: String, IsolationLevel)
        /// Thawed. A version that gets another snapshot gets another revision with it.
        case snapshot(revisionID: String)
    }

    var version: VersionKey
    var origin: Origin
    /// Where it may send to: fixed when it was made, while tags and networks change.
    var network: NetworkMode
    /// Whether it is one of those that provisioned concurrency keeps ready.
    var isKept = false
}
