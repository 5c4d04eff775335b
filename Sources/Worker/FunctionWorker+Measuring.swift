package import FunctionModel
package import Sandboxes
internal import Snapshots

/// For whoever measures: benchmarks and the demonstration.
extension FunctionWorker {
    /// Ends every sandbox that waits for an invocation, or soon will, so that the next invocation starts cold.
    package func evictIdle() async {
        await tasks.drain()
        pool.evictExpired(keepWarm: .zero)
        await tasks.drain()
    }

    /// Returns when the clones that are to be ready for a version are.
    package func prepareClones(of name: String, _ version: FunctionVersion) async {
        let key = VersionKey(name, version)
        if let snapshot = try? await snapshots.snapshot(of: key) { await ready.use(key, snapshot) }
        await tasks.drain()
    }

    /// What each idle sandbox of a version costs the host.
    package func idleMemory(of name: String, _ version: FunctionVersion) async throws(SandboxError) -> [MemoryUse] {
        await tasks.drain()
        var uses: [MemoryUse] = []
        for live in pool.idle(of: VersionKey(name, version)) { uses.append(try await live.sandbox.memory()) }
        return uses
    }

    /// Clones of a version's snapshot, made at the engine's interface.
    package func cloneSource(of name: String, _ version: FunctionVersion) async throws(LambdaError) -> CloneSource {
        let key = VersionKey(name, version)
        guard let function = try await catalog.configuration(key) else {
            throw .service("there is no version \(version) of \(name)")
        }
        let snapshot: StoredSnapshot
        do throws(SnapshotCatalog.Unusable) { snapshot = try await snapshots.snapshot(of: key) } catch {
            throw .service(error.reason)
        }
        return CloneSource(
            engine: parts.engine, snapshot: snapshot, network: try await maker.network(of: function),
            function: function, identity: maker.identity,
            token: parts.tokens.token(for: snapshot.id.description),
            invokedARN: configuration.account.arn(name: name).description, restoreLimit: configuration.restoreLimit)
    }
}
