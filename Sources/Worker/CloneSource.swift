internal import FunctionModel
import GuestProtocol
package import Sandboxes
internal import SlotNetwork
internal import Snapshots

/// Makes clones of one version at the engine's own interface, beside the pool: for whoever measures an engine without the
/// API, the scheduling and the log before it.
package struct CloneSource: Sendable {
    let engine: any SandboxEngine
    let snapshot: StoredSnapshot
    let network: NetworkMode
    let function: FunctionConfiguration
    let identity: SandboxIdentity
    let token: String
    let invokedARN: String
    let restoreLimit: Duration

    /// The snapshot's files together.
    package var snapshotBytes: Int64 { snapshot.manifest.files.reduce(0) { $0 + $1.size } }

    /// Returns when the engine keeps `count` clones ready, as far as it can.
    package func keepReady(_ count: Int) async { await engine.keepReady(count, of: snapshot) }

    /// A new clone, ready for its first invocation. Whoever asks for it destroys it.
    package func thaw() async throws(SandboxError) -> MeasuredClone {
        let role = identity.credentials.credentials(function.role)
        let sandbox = try await engine.thaw(
            snapshot, uniqueness: identity.make(role: role, token: token), network: network, deadline: restoreLimit,
            output: { _ in })
        return MeasuredClone(
            sandbox: sandbox, invokedARN: invokedARN, timeout: .seconds(function.timeout), clock: identity.clock)
    }
}

/// A clone that belongs to whoever measures it.
package struct MeasuredClone: Sendable {
    let sandbox: any Sandbox
    let invokedARN: String
    let timeout: Duration
    let clock: WorkerClock

    /// Hands the function one event. Call again only after ``waitUntilIdle()``.
    package func invoke(_ payload: [UInt8]) async throws(SandboxError) -> InvocationResult {
        let now = clock.wallClock() / 1_000_000
        let invocation = Invocation(
            requestID: "00000000-0000-4000-8000-000000000000",
            deadlineMilliseconds: now + UInt64(timeout.components.seconds) * 1000, invokedFunctionARN: invokedARN,
            payload: payload)
        return try await sandbox.invoke(invocation, deadline: timeout)
    }

    /// Returns when the runtime asks for its next invocation.
    package func waitUntilIdle() async throws(SandboxError) { _ = try await sandbox.waitUntilIdle() }

    package func memory() async throws(SandboxError) -> MemoryUse { try await sandbox.memory() }

    package func destroy() async { await sandbox.destroy() }
}
