import Basics
import FunctionModel
import GuestProtocol
import LinuxKit
import NetworkModel
import Sandboxes
import Snapshots
import Synchronization
import Worker

/// Makes clones of one version at the engine's own interface, as the worker asked for one before: without the API, the scheduling
/// and the log in front of it.
final class CloneSource: Sendable {
    private let engine: any SandboxEngine
    private let request: ThawRequest
    private let function: MeasuredFunction
    private let generation: Atomic<UInt64>

    init(engine: any SandboxEngine, request: ThawRequest, function: MeasuredFunction) {
        self.engine = engine
        self.request = request
        self.function = function
        // As the worker counts: microseconds since 1970.
        generation = Atomic(max(request.uniqueness.generation, WallClock.now() / 1000) + 1)
    }

    /// The snapshot's files together.
    var snapshotBytes: Int64 { request.snapshot.manifest.files.reduce(0) { $0 + $1.size } }

    /// Returns when the engine keeps `count` clones ready, as far as it can.
    func keepReady(_ count: Int) async { await engine.keepReady(count, of: request.snapshot) }

    /// A new clone, ready for its first invocation. Whoever asks for it destroys it.
    func thaw() async throws(SandboxError) -> MeasuredClone {
        var uniqueness = request.uniqueness
        uniqueness.generation = generation.add(1, ordering: .relaxed).newValue
        uniqueness.entropy = SystemRandom.bytes(Uniqueness.entropyLength)
        uniqueness.wallClockNanoseconds = WallClock.now()
        let sandbox = try await engine.thaw(
            request.snapshot, uniqueness: uniqueness, network: request.network, deadline: Deadline(in: request.limit),
            output: { _ in })
        return MeasuredClone(sandbox: sandbox, function: function)
    }
}

/// A clone that belongs to whoever measures it.
struct MeasuredClone: Sendable {
    let sandbox: any Sandbox
    let function: MeasuredFunction

    /// Hands the function its event. Call again only after ``waitUntilIdle()``.
    func invoke() async throws(SandboxError) -> InvocationResult {
        let (now, timeout) = (WallClock.now() / 1_000_000, UInt64(function.timeout))
        let invocation = Invocation(
            requestID: "00000000-0000-4000-8000-000000000000", deadlineMilliseconds: now + timeout * 1000,
            invokedFunctionARN: LambdaClient.arn(function.name), payload: function.event)
        return try await sandbox.invoke(invocation, deadline: Deadline(in: .seconds(timeout)))
    }

    /// Returns when the runtime asks for its next invocation.
    func waitUntilIdle() async throws(SandboxError) { _ = try await sandbox.waitUntilIdle() }

    func memory() async throws(SandboxError) -> MemoryUse { try await sandbox.memory() }

    func destroy() async { await sandbox.destroy() }
}
