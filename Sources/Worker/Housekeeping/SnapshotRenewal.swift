internal import FunctionModel
internal import Logging

/// Makes snapshots anew that cannot be used.
struct SnapshotRenewal: Sendable {
    let functions: FunctionCatalog
    let snapshots: SnapshotCatalog
    let publishing: PublishPipeline
    let logger: Logger

    /// A version's snapshot cannot be used: it is made anew, and until then the version cannot be invoked.
    ///
    /// - Returns: the task that makes it; nil when there is nothing to make, or somebody else has begun.
    @discardableResult
    func renew(_ key: VersionKey, because reason: String) async throws(LambdaError) -> Task<Void, Never>? {
        logger.warning(
            "snapshot unusable, the version is initialised again",
            metadata: ["function": "\(key.functionName)", "version": "\(key.version)", "reason": "\(reason)"])
        return try await functions.changing(key.functionName) { () throws(LambdaError) -> Task<Void, Never>? in
            guard var current = try await functions.configuration(key) else { return nil }
            if let inactive = current.deactivated(StateReason(code: "Idle", message: reason)) {
                try await functions.update(inactive, from: current)
                current = inactive
            }
            // Another invocation may have found the same and begun already.
            guard let restoring = current.restoring() else { return nil }
            let old = try await functions.snapshotID(of: key)
            try await functions.update(restoring, from: current)
            await snapshots.forget(key)
            if let old { await remove(old, of: key) }
            return publishing.finishInBackground(key)
        }
    }

    /// The version gets another snapshot whether or not the store can forget this one now: the other's row takes its place.
    private func remove(_ old: String, of key: VersionKey) async {
        do throws(LambdaError) { try await functions.removeSnapshot(old) } catch {
            logger.error(
                "cannot forget a snapshot",
                metadata: [
                    "function": "\(key.functionName)", "version": "\(key.version)", "snapshot": "\(old)",
                    "error": "\(error)",
                ])
        }
        await snapshots.remove(old)
    }
}
