internal import FunctionModel
internal import FunctionStore
internal import Logging
internal import Sandboxes
internal import Snapshots

extension FunctionWorker {
    /// Clears away what a server that died left, and takes up what it had begun. Call once, before serving.
    package func recover() async throws {
        try await parts.engine.sweep()
        try await parts.snapshots.sweep()
        let recorded = try await parts.functions.allSnapshotIDs()
        for id in try parts.snapshots.list() where !recorded.contains(id.description) {
            logger.info("removing a snapshot that no version has", metadata: ["snapshot": "\(id)"])
            try await parts.snapshots.remove(id)
        }
        for unfinished in try await parts.functions.unfinished() {
            logger.info(
                "resuming",
                metadata: ["function": "\(unfinished.functionName)", "version": "\(unfinished.version)"])
            finishInBackground(VersionKey(unfinished))
        }
        tasks.start { [self] in await renewRefused() }
    }

    /// Snapshots of another QEMU, kernel or processor than this host has now are made anew before somebody asks for them. One after
    /// the other: each version can be invoked, and is then renewed first, until its turn has come.
    private func renewRefused() async {
        guard let snapshots = try? parts.snapshots.list() else { return }
        for id in snapshots {
            // One that cannot be read is found out when it is used.
            guard let snapshot = try? await parts.snapshots.look(at: id),
                let reason = parts.engine.refusal(of: snapshot),
                let version = FunctionVersion(qualifier: snapshot.manifest.snapshot.functionVersion)
            else { continue }
            let key = VersionKey(snapshot.manifest.snapshot.functionName, version)
            do throws(LambdaError) {
                // It may have been renewed meanwhile, or deleted.
                let current = try await catalog.calling { (store) throws(FunctionStoreError) in
                    try await store.snapshotID(name: key.functionName, version: key.version)
                }
                guard current == id.description else { continue }
                try await renewSnapshot(of: key, because: reason)?.value
            } catch {
                logger.error("cannot renew a snapshot", metadata: ["snapshot": "\(id)", "error": "\(error)"])
            }
            if Task.isCancelled { return }
        }
    }
}
