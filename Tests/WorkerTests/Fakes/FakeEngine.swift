import Basics
import GuestProtocol
import NetworkModel
import Sandboxes
import Snapshots
import Synchronization
import SystemPackage

/// An engine without isolation: tests say what its sandboxes do.
final class FakeEngine: SandboxEngine {
    typealias Init = @Sendable (SandboxSpecification, OutputSink) async throws(SandboxError) -> Void
    typealias Restore = @Sendable (SnapshotLease, Uniqueness, OutputSink) async throws(SandboxError) -> Void
    typealias Handler = @Sendable (Invocation, OutputSink) async throws(SandboxError) -> InvocationResult
    typealias Streamer = @Sendable (Invocation, ResponseStream) async throws(SandboxError) -> InvocationResult
    typealias Settle = @Sendable () async throws(SandboxError) -> UInt64
    typealias Freeze = @Sendable (SnapshotStaging) throws(SandboxError) -> Void

    /// What the sandboxes made from now on do.
    struct Script: Sendable {
        var initialize: Init = { _, _ in }
        var readyCall = ReadyCall.restoreNext
        var restore: Restore = { _, _, _ in }
        var handler: Handler = { invocation, _ in .response(invocation.payload) }
        /// For invocations whose response is wanted in parts; nil answers them at once.
        var streamer: Streamer?
        var settle: Settle = { 38 << 20 }
        var freeze: Freeze = { _ in }
        var rest: @Sendable () -> Void = {}
        /// Why no clone can be prepared.
        var prepare: @Sendable () -> SandboxError? = { nil }
        var warm: @Sendable () async -> Void = {}
        var refusal: @Sendable (SnapshotManifest) -> String? = { _ in nil }
        var shed: @Sendable (EngineReserve, UInt64) -> UInt64 = { _, _ in 0 }
        var shutdown: @Sendable () -> Void = {}
    }

    /// Without the lease, which would keep the snapshot.
    struct Thaw: Sendable {
        let manifest: SnapshotManifest
        let basis: SnapshotBasis?
        let directory: FilePath
    }

    struct Record: Sendable {
        var starts: [SandboxSpecification] = []
        var thaws: [Thaw] = []
        /// Of the thaws.
        var networks: [NetworkMode] = []
        var uniqueness: [Uniqueness] = []
        /// The sandbox that served each invocation, in the order in which they began.
        var served: [SandboxID] = []
        /// The sandboxes that were told that nobody needs them.
        var rested: [SandboxID] = []
        var ready: [SnapshotID: Int] = [:]
        var warmed: [SnapshotID] = []
        var forgotten: [SnapshotID] = []
        var shed: [EngineReserve] = []
        var live: Set<SandboxID> = []
        /// How long runtimes were given to ask for their next event.
        var idleLimits: [Duration] = []
        var sweeps = 0
        var isShutDown = false
    }

    let isolation: IsolationLevel
    private let script: Mutex<Script>
    private let state = Mutex(Record())

    init(_ script: Script = Script(), isolation: IsolationLevel = .microvm) {
        self.script = Mutex(script)
        self.isolation = isolation
    }

    var record: Record { state.withLock { $0 } }

    func change(_ body: (inout Script) -> Void) { script.withLock { body(&$0) } }

    fileprivate func note(_ body: (inout Record) -> Void) { state.withLock { body(&$0) } }

    /// Ends every sandbox behind the worker's back.
    func loseAll() { note { $0.live = [] } }

    func sweep() async throws(SandboxError) { note { $0.sweeps += 1 } }

    func start(
        _ specification: SandboxSpecification, deadline: Deadline, output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        note { $0.starts.append(specification) }
        let script = script.withLock { $0 }
        try await script.initialize(specification, output)
        return sandbox(specification.id, script, output)
    }

    func thaw(
        _ snapshot: SnapshotLease, uniqueness: Uniqueness, network: NetworkMode, deadline: Deadline,
        output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        note {
            $0.thaws.append(Thaw(manifest: snapshot.manifest, basis: snapshot.basis, directory: snapshot.directory))
            $0.networks.append(network)
            $0.uniqueness.append(uniqueness)
        }
        let script = script.withLock { $0 }
        try await script.restore(snapshot, uniqueness, output)
        return sandbox(.random(), script, output)
    }

    private func sandbox(_ id: SandboxID, _ script: Script, _ output: @escaping OutputSink) -> FakeSandbox {
        note { $0.live.insert(id) }
        return FakeSandbox(id: id, engine: self, script: script, output: output)
    }

    func refusal(of manifest: SnapshotManifest) -> String? { script.withLock { $0.refusal }(manifest) }

    @discardableResult
    func keepReady(_ count: Int, of snapshot: SnapshotLease) async -> SandboxError? {
        note { $0.ready[snapshot.id] = count }
        return script.withLock { $0.prepare }()
    }

    func warm(_ snapshot: SnapshotLease) async {
        await script.withLock { $0.warm }()
        note { $0.warmed.append(snapshot.id) }
    }

    func forget(_ snapshot: SnapshotID) async {
        note {
            $0.ready[snapshot] = nil
            $0.forgotten.append(snapshot)
        }
    }

    func shed(_ reserve: EngineReserve, atLeast bytes: UInt64) async -> UInt64 {
        note { $0.shed.append(reserve) }
        return script.withLock { $0.shed }(reserve, bytes)
    }

    func prepare() async {}

    func shutdown() async {
        note {
            $0.isShutDown = true
            $0.live = []
        }
        script.withLock { $0 }.shutdown()
    }
}

struct FakeSandbox: Sandbox {
    let id: SandboxID
    var readyCall: ReadyCall { script.readyCall }
    var memoryPeak: UInt64 { 17 << 20 }
    let engine: FakeEngine
    let script: FakeEngine.Script
    let output: OutputSink

    func invoke(
        _ invocation: Invocation, streaming response: ResponseStream?, deadline: Deadline
    ) async throws(SandboxError) -> InvocationResult {
        engine.note { $0.served.append(id) }
        if let response, let streamer = script.streamer { return try await streamer(invocation, response) }
        return try await script.handler(invocation, output)
    }

    func waitUntilIdle(by deadline: Deadline) async throws(SandboxError) -> UInt64 {
        engine.note { $0.idleLimits.append(deadline.limit) }
        return try await script.settle()
    }

    func rest() {
        engine.note { $0.rested.append(id) }
        script.rest()
    }

    var isUsable: Bool { engine.record.live.contains(id) }

    func freeze(into staging: SnapshotStaging) async throws(SandboxError) -> FrozenSandbox {
        defer { engine.note { $0.live.remove(id) } }
        try script.freeze(staging)
        do {
            let file = try FileDescriptor.open(
                staging.path("memory"), .writeOnly, options: .create, permissions: .ownerReadWrite)
            try file.closeAfter { _ = try file.writeAll(Array("frozen \(id)".utf8)) }
        } catch {
            throw .host("\(error)")
        }
        return FrozenSandbox(
            engine: EngineManifest(isolation: engine.isolation.rawValue, requirements: [:], parameters: [:]),
            pause: .milliseconds(40))
    }

    func memory() async throws(SandboxError) -> MemoryUse {
        MemoryUse(unique: 1 << 20, shared: 2 << 20, proportional: 1 << 20)
    }

    func destroy() async { engine.note { $0.live.remove(id) } }
}
