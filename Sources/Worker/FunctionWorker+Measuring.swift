package import FunctionModel
package import Sandboxes

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
}
