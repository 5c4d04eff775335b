import Basics
import GuestProtocol
import NetworkModel
import Sandboxes
import Snapshots
import Synchronization

/// The version that clones are made of.
package struct CloneOrigin: Hashable, Sendable {
    let function: String
    let version: String

    init(_ function: String, _ version: Int) {
        self.function = function
        self.version = "\(version)"
    }

    init(_ snapshot: SnapshotLease) {
        function = snapshot.manifest.snapshot.functionName
        version = snapshot.manifest.snapshot.functionVersion
    }
}

/// What a worker asks an engine for when it wants a clone.
struct ThawRequest: Sendable {
    let snapshot: SnapshotLease
    let uniqueness: Uniqueness
    let network: NetworkMode
    let limit: Duration
}

/// An engine between a server's worker and its own, which times what the worker has it do.
struct WatchedEngine: WrappingEngine {
    let engine: any SandboxEngine
    let watch: EngineWatch

    func start(
        _ specification: SandboxSpecification, deadline: Deadline, output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        watch.begin()
        defer { watch.end() }
        return WatchedSandbox(try await engine.start(specification, deadline: deadline, output: output), watch)
    }

    func thaw(
        _ snapshot: SnapshotLease, uniqueness: Uniqueness, network: NetworkMode, deadline: Deadline,
        output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        watch.begin()
        defer { watch.end() }
        watch.note(snapshot)
        let began = ContinuousClock.now
        let clone = try await engine.thaw(
            snapshot, uniqueness: uniqueness, network: network, deadline: deadline, output: output)
        watch.note(
            ThawRequest(snapshot: snapshot, uniqueness: uniqueness, network: network, limit: deadline.limit),
            took: ContinuousClock.now - began)
        return WatchedSandbox(clone, watch, cloneOf: CloneOrigin(snapshot), since: began)
    }

    @discardableResult
    func keepReady(_ count: Int, of snapshot: SnapshotLease) async -> SandboxError? {
        watch.begin()
        defer { watch.end() }
        watch.note(snapshot)
        return await engine.keepReady(count, of: snapshot)
    }

    func warm(_ snapshot: SnapshotLease) async {
        watch.begin()
        defer { watch.end() }
        watch.note(snapshot)
        await engine.warm(snapshot)
    }
}

/// A sandbox of a ``WatchedEngine``. Who watches may end it while it is idle: the worker finds it of no more use.
package final class WatchedSandbox: Sandbox {
    private struct State {
        var hasServed = false
        var isBusy = false
        var isEnded = false
    }

    private let sandbox: any Sandbox
    private let watch: EngineWatch
    /// Nil for one that was booted.
    let origin: CloneOrigin?
    private let began: ContinuousClock.Instant
    private let state = Mutex(State())

    package init(
        _ sandbox: any Sandbox, _ watch: EngineWatch, cloneOf origin: CloneOrigin? = nil,
        since began: ContinuousClock.Instant = .now
    ) {
        self.sandbox = sandbox
        self.watch = watch
        self.origin = origin
        self.began = began
        watch.admit(self)
    }

    package var id: SandboxID { sandbox.id }
    package var slot: Int? { sandbox.slot }
    package var readyCall: ReadyCall { sandbox.readyCall }
    package var thawTimes: ThawTimes? { sandbox.thawTimes }
    package var memoryPeak: UInt64 { sandbox.memoryPeak }
    package var isUsable: Bool { state.withLock { !$0.isEnded } && sandbox.isUsable }
    package var isIdle: Bool { state.withLock { $0.hasServed && !$0.isBusy && !$0.isEnded } }

    package func invoke(
        _ invocation: Invocation, streaming response: ResponseStream?, deadline: Deadline
    ) async throws(SandboxError) -> InvocationResult {
        let isFirst = state.withLock { state in
            state.isBusy = true
            return !state.hasServed
        }
        watch.begin()
        do {
            let result = try await sandbox.invoke(invocation, streaming: response, deadline: deadline)
            state.withLock { $0.hasServed = true }
            if isFirst, origin != nil { watch.note(firstResponse: ContinuousClock.now - began) }
            return result
        } catch {
            endInvocation()
            throw error
        }
    }

    package func waitUntilIdle(by deadline: Deadline) async throws(SandboxError) -> UInt64 {
        defer { endInvocation() }
        return try await sandbox.waitUntilIdle(by: deadline)
    }

    package func rest() { sandbox.rest() }

    private func endInvocation() {
        let wasBusy = state.withLock { state in
            defer { state.isBusy = false }
            return state.isBusy
        }
        if wasBusy { watch.end() }
    }

    package func freeze(into staging: SnapshotStaging) async throws(SandboxError) -> FrozenSandbox {
        watch.forget(self)
        let frozen = try await sandbox.freeze(into: staging)
        watch.note(pause: frozen.pause)
        return frozen
    }

    package func memory() async throws(SandboxError) -> MemoryUse { try await sandbox.memory() }

    package func destroy() async {
        state.withLock { $0.isEnded = true }
        watch.begin()
        watch.forget(self)
        await sandbox.destroy()
        endInvocation()
        watch.end()
    }
}
