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
    }
}
