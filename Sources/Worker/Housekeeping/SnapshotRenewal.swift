internal import FunctionModel
internal import Logging
import Synchronization

/// Makes snapshots anew that cannot be used: once for each version of which no clone could be made. Where none can be made of the new
/// one either, another would be no better, and the version has failed.
struct SnapshotRenewal: Sendable {
    let functions: FunctionCatalog
    let snapshots: SnapshotCatalog
    let publishing: PublishPipeline
    let logger: Logger
    private let trials = Trials()

    init(functions: FunctionCatalog, snapshots: SnapshotCatalog, publishing: PublishPipeline, logger: Logger) {
        self.functions = functions
        self.snapshots = snapshots
        self.publishing = publishing
        self.logger = logger
    }

    /// Versions whose snapshot was made anew because no clone could be made of the last one.
    private final class Trials: Sendable {
        let failed = Mutex<Set<VersionKey>>([])
    }

    /// A clone of the version was made.
    func thawed(_ key: VersionKey) {
        trials.failed.withLock { failed in
            if !failed.isEmpty { failed.remove(key) }
        }
    }

    /// A version's snapshot cannot be used: it is made anew, and until then the version cannot be invoked.
    ///
    /// - Parameter afterTrial: whether a clone was to be made of the snapshot, and could not.
    /// - Returns: the task that makes it; nil when there is nothing to make, somebody else has begun, or the version has failed.
    @discardableResult
    func renew(
        _ key: VersionKey, because reason: String, afterTrial: Bool = false
    ) async throws(LambdaError) -> Task<Void, Never>? {
        if afterTrial, trials.failed.withLock({ $0.contains(key) }) {
            try await publishing.giveUp(key, because: reason)
            return nil
        }
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
            if afterTrial { trials.failed.withLock { _ = $0.insert(key) } }
            let old = try await functions.snapshotID(of: key)
            try await functions.update(restoring, from: current)
            await snapshots.forget(key)
            if let old { await publishing.remove(old, of: key) }
            return publishing.finishInBackground(key)
        }
    }
}
