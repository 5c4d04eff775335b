import Sandboxes
import SlotNetwork
import Snapshots
import Synchronization
import Worker

/// Where the time of a publish went.
struct PublishTimes: Sendable {
    /// From the start of the sandbox to the end of the before-snapshot hooks, the code's image included.
    var initialization = Duration.zero
    /// From "the sandbox stands still" to "its state is written".
    var pause = Duration.zero
    /// From "the state is written" to "the snapshot is durable and has its place in the store".
    var commit = Duration.zero
}

/// What a server's worker has its engine do, as ``WatchedEngine`` and its sandboxes tell.
package final class EngineWatch: Sendable {
    private struct State {
        /// Calls under way; an invocation is one until its sandbox is idle again.
        var busy = 0
        var live: [ObjectIdentifier: WatchedSandbox] = [:]
        var snapshots: [CloneOrigin: SnapshotLease] = [:]
        var thaws: [CloneOrigin: ThawRequest] = [:]
        var restores = Samples()
        var restoreCount = 0
        var firstResponses = Samples()
        /// Of the publish under way; there is one at a time.
        var publishing = PublishTimes()
        var publishes: [PublishTimes] = []
        var waiting: [Waiting] = []

        /// Lends itself to a change, then resumes those who waited for it.
        mutating func change<R>(_ body: (inout State) -> R) -> R {
            let result = body(&self)
            let isOver = waiting.map { $0.isOver(self) }
            for (index, waiter) in waiting.enumerated() where isOver[index] { waiter.continuation.resume() }
            waiting = zip(waiting, isOver).filter { !$1 }.map(\.0)
            return result
        }
    }

    private struct Waiting {
        let isOver: @Sendable (State) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private let state = Mutex(State())

    package init() {}

    private func wait(until isOver: @escaping @Sendable (State) -> Bool) async {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                state.change { $0.waiting.append(Waiting(isOver: isOver, continuation: continuation)) }
            }
        }
    }

    // MARK: - What happens

    func begin() { state.withLock { $0.busy += 1 } }
    func end() { state.withLock { state in state.change { $0.busy -= 1 } } }

    func admit(_ sandbox: WatchedSandbox) { state.withLock { $0.live[ObjectIdentifier(sandbox)] = sandbox } }
    func forget(_ sandbox: WatchedSandbox) { state.withLock { $0.live[ObjectIdentifier(sandbox)] = nil } }

    func note(_ snapshot: SnapshotLease) {
        state.withLock { state in state.change { $0.snapshots[CloneOrigin(snapshot)] = snapshot } }
    }

    func note(_ thaw: ThawRequest, took duration: Duration) {
        state.withLock { state in
            state.thaws[CloneOrigin(thaw.snapshot)] = thaw
            state.restores.add(duration)
            state.restoreCount += 1
        }
    }

    func forget(_ function: String) {
        state.withLock { state in
            state.snapshots = state.snapshots.filter { $0.key.function != function }
            state.thaws = state.thaws.filter { $0.key.function != function }
        }
    }

    func note(firstResponse duration: Duration) { state.withLock { $0.firstResponses.add(duration) } }

    func note(pause: Duration) { state.withLock { $0.publishing.pause = pause } }

    func note(_ event: WorkerEvent) {
        guard case .publishStep(let step, let duration, succeeded: true) = event else { return }
        state.withLock { state in
            switch step {
            case .image: state.publishing = PublishTimes()
            case .specification, .initialization: state.publishing.initialization += duration
            case .freeze, .warm: break
            case .commit: state.publishing.commit = duration
            case .install: state.publishes.append(state.publishing)
            }
        }
    }

    // MARK: - What has happened

    /// Returns when nothing is under way at the engine.
    package func settle() async { await wait { $0.busy == 0 } }

    /// The snapshot of a version that has one. Returns when the worker has used it.
    func snapshot(of origin: CloneOrigin) async -> SnapshotLease? {
        await wait { $0.snapshots[origin] != nil }
        return state.withLock { $0.snapshots[origin] }
    }

    /// The last clone of a version that was asked for.
    func thaw(of origin: CloneOrigin) -> ThawRequest? { state.withLock { $0.thaws[origin] } }

    /// Those that have served and wait for more.
    package var idle: [WatchedSandbox] { state.withLock { Array($0.live.values) }.filter(\.isIdle) }

    /// All restores so far.
    var restoreCount: Int { state.withLock { $0.restoreCount } }

    /// The restores since the last call.
    func takeRestores() -> Samples { state.withLock { Self.take(&$0.restores, leaving: Samples()) } }

    /// From the claim of a clone to its first response, since the last call.
    func takeFirstResponses() -> Samples { state.withLock { Self.take(&$0.firstResponses, leaving: Samples()) } }

    func takePublishes() -> [PublishTimes] { state.withLock { Self.take(&$0.publishes, leaving: []) } }

    private static func take<R>(_ values: inout R, leaving empty: R) -> R {
        defer { values = empty }
        return values
    }
}
