internal import FunctionModel
internal import FunctionStore
internal import Logging
internal import Sandboxes
internal import Snapshots

/// A start: clears away what a server that died left, and takes up what it had begun.
struct Recovery: Sendable {
    let engine: any SandboxEngine
    let store: any FunctionStore
    let snapshotStore: any SnapshotRepository
    let functions: FunctionCatalog
    let publishing: PublishPipeline
    let renewal: SnapshotRenewal
    let tasks: BackgroundTasks
    let logger: Logger

    /// Call once, before serving.
    func recover() async throws {
        try await engine.sweep()
        try await snapshotStore.sweep()
        try await pruneSnapshots()
        for unfinished in try await store.unfinished() {
            logger.info(
                "resuming",
                metadata: ["function": "\(unfinished.functionName)", "version": "\(unfinished.version)"])
            publishing.finishInBackground(VersionKey(unfinished))
        }
        tasks.start { await renewRefused() }
    }

    private func pruneSnapshots() async throws {
        let recorded = try await store.allSnapshotIDs()
        for id in try snapshotStore.list() where !recorded.contains(id.description) {
            logger.info("removing a snapshot that no version has", metadata: ["snapshot": "\(id)"])
            try await snapshotStore.remove(id)
        }
    }

    /// Snapshots of another QEMU, kernel or processor than this host has now are made anew before somebody asks for them. One after
    /// the other: each version can be invoked, and is then renewed first, until its turn has come.
    private func renewRefused() async {
        guard let snapshots = try? snapshotStore.list() else { return }
        for id in snapshots {
            // One that cannot be read is found out when it is used.
            guard let manifest = try? await snapshotStore.manifest(of: id),
                let reason = engine.refusal(of: manifest),
                let version = FunctionVersion(qualifier: manifest.snapshot.functionVersion)
            else { continue }
            let key = VersionKey(manifest.snapshot.functionName, version)
            do {
                // It may have been renewed meanwhile, or deleted.
                guard try await functions.snapshotID(of: key) == id.description else { continue }
                try await renewal.renew(key, because: reason)?.value
            } catch {
                logger.error("cannot renew a snapshot", metadata: ["snapshot": "\(id)", "error": "\(error)"])
            }
            if Task.isCancelled { return }
        }
    }
}
