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
            if let old {
                try await functions.removeSnapshot(old)
                await snapshots.remove(old)
            }
            return publishing.finishInBackground(key)
        }
    }
}
