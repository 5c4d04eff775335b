package import Basics
package import GuestProtocol
package import NetworkModel
package import Snapshots

/// An engine in front of another one, for what somebody wants to see or change of what is asked: everything else is passed on.
package protocol WrappingEngine: SandboxEngine {
    var engine: any SandboxEngine { get }
}

extension WrappingEngine {
    package var isolation: IsolationLevel { engine.isolation }

    package func sweep() async throws(SandboxError) { try await engine.sweep() }

    package func start(
        _ specification: SandboxSpecification, deadline: Deadline, output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        try await engine.start(specification, deadline: deadline, output: output)
    }

    package func thaw(
        _ snapshot: SnapshotLease, uniqueness: Uniqueness, network: NetworkMode, deadline: Deadline,
        output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        try await engine.thaw(snapshot, uniqueness: uniqueness, network: network, deadline: deadline, output: output)
    }

    package func refusal(of manifest: SnapshotManifest) -> String? { engine.refusal(of: manifest) }

    @discardableResult
    package func keepReady(_ count: Int, of snapshot: SnapshotLease) async -> SandboxError? {
        await engine.keepReady(count, of: snapshot)
    }

    package func warm(_ snapshot: SnapshotLease) async { await engine.warm(snapshot) }

    package func forget(_ snapshot: SnapshotID) async { await engine.forget(snapshot) }

    package func shed(_ reserve: EngineReserve, atLeast bytes: UInt64) async -> UInt64 {
        await engine.shed(reserve, atLeast: bytes)
    }

    package func prepare() async { await engine.prepare() }

    package func stock() async -> [EngineStock] { await engine.stock() }

    package func shutdown() async { await engine.shutdown() }
}
