internal import Basics
internal import FunctionModel
internal import Sandboxes

/// Makes sandboxes in room that was claimed, for an invocation or to be kept ready.
struct SandboxSource: Sendable {
    let placement: Placement
    let pool: SandboxPool
    let starter: SandboxStarter
    let snapshots: SnapshotCatalog
    let renewal: SnapshotRenewal
    let uses: SnapshotUses
    let memory: MemoryRelief
    let clock: WorkerClock

    /// Which sandboxes can serve this version now.
    func key(_ function: FunctionConfiguration, isKept: Bool = false) async throws(LambdaError) -> SandboxKey {
        let network = try await placement.network(of: function)
        let origin: SandboxKey.Origin =
            if function.snapStart.optimizationStatus == .on {
                .snapshot(revisionID: function.revisionID)
            } else {
                .configuration(
                    contentID: function.contentID, try await placement.isolation(of: function))
            }
        return SandboxKey(version: VersionKey(function), origin: origin, network: network, isKept: isKept)
    }

    /// Gives the room back when it fails; otherwise who calls puts the sandbox into the pool.
    ///
    /// - Parameter previous: settled when the sandbox that makes room has ended. Nobody waits for ever for that.
    func start(
        after previous: Outcome<Void>?, _ function: FunctionConfiguration, _ key: SandboxKey
    ) async throws(SandboxStarter.Failure) -> SandboxStarter.Started {
        if let previous, await previous.wait(within: starter.configuration.restoreLimit, on: clock) == nil {
            pool.releaseRoom(for: key, after: previous)
            throw .full
        }
        do {
            let reservation = try await reserveMemory(function, key)
            let started = try await start(function, key)
            started.sandbox.hold(reservation)
            return started
        } catch {
            pool.releaseRoom(for: key)
            throw error
        }
    }

    private func reserveMemory(
        _ function: FunctionConfiguration, _ key: SandboxKey
    ) async throws(SandboxStarter.Failure) -> MemoryReservation {
        let level =
            if function.isolationReason != nil { IsolationLevel.microvm } else {
                try await rethrowing(
                    try await placement.isolation(of: function), as: SandboxStarter.Failure.refused)
            }
        guard let reservation = await memory.reserve(key.version, at: level, megabytes: function.memorySize) else {
            throw .refused(.hostMemoryShort)
        }
        return reservation
    }

    private func start(
        _ function: FunctionConfiguration, _ key: SandboxKey
    ) async throws(SandboxStarter.Failure) -> SandboxStarter.Started {
        switch key.origin {
        case .configuration(_, let isolation):
            return try await starter.boot(function, at: isolation, key: key)
        case .snapshot:
            uses.note(key.version)
            let snapshot = try await rethrowing(
                try await snapshots.snapshot(of: key.version), as: SandboxStarter.Failure.snapshotUnusable)
            let started = try await starter.thaw(snapshot, of: function, key: key)
            renewal.thawed(key.version)
            return started
        }
    }
}
