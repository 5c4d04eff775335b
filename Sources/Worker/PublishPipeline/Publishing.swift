internal import BaseImages
package import FunctionModel
internal import FunctionStore
internal import Logging
internal import Snapshots

extension FunctionWorker {
    /// Gives `$LATEST` the next number. With SnapStart the version is `Pending` until its snapshot is there.
    package func publishVersion(
        _ request: PublishVersionRequest
    ) async throws(LambdaError) -> FunctionConfiguration {
        let name = try name(request.functionName)
        try FunctionValidation.checkDescription(request.description)
        return try await catalog.changing(name) { () throws(LambdaError) in
            _ = try await self.catalog.latest(name)
            return try await self.publish(name, description: request.description, while: .ready) {
                latest throws(LambdaError) in
                try latest.checkRevision(request.revisionID)
                try latest.checkCodeSha256(request.codeSha256)
            }
        }
    }

    /// In which states of `$LATEST` a version may be made of it.
    enum PublishableState {
        case ready
        /// The same call has just begun to change `$LATEST`.
        case anyState
    }

    /// Call while holding the function's lock.
    func publish(
        _ name: String, description: String?, while allowed: PublishableState,
        checking check: @escaping @Sendable (FunctionConfiguration) throws(LambdaError) -> Void
    ) async throws(LambdaError) -> FunctionConfiguration {
        let arn = configuration.account.arn(name: name)
        let outcome = try await catalog.calling { (store) throws(FunctionStoreError) in
            try await store.publish(name: name) { candidate throws(LambdaError) in
                let latest = candidate.latest
                if allowed == .ready {
                    try latest.checkUpdatable(arn: arn)
                    if case .failed(let reason) = latest.state { throw .wrongState(latest.state.name, reason: reason) }
                }
                try check(latest)
                if let unchanged = candidate.unchanged { return .keep(unchanged) }
                guard let version = latest.published(as: candidate.number, description: description) else {
                    throw .wrongState(latest.state.name)
                }
                return .publish(version)
            }
        }
        catalog.forget { $0.functionName == name }
        if outcome.isNew, outcome.configuration.isUnfinished { finishInBackground(VersionKey(outcome.configuration)) }
        return outcome.configuration
    }

    /// A version's snapshot cannot be used: it is made anew, and until then the version cannot be invoked.
    ///
    /// - Returns: the task that makes it; nil when there is nothing to make, or somebody else has begun.
    @discardableResult
    func renewSnapshot(of key: VersionKey, because reason: String) async throws(LambdaError) -> Task<Void, Never>? {
        logger.warning(
            "snapshot unusable, the version is initialised again",
            metadata: ["function": "\(key.functionName)", "version": "\(key.version)", "reason": "\(reason)"])
        return try await catalog.changing(key.functionName) { () throws(LambdaError) -> Task<Void, Never>? in
            guard var current = try await self.catalog.configuration(key) else { return nil }
            if let inactive = current.deactivated(StateReason(code: "Idle", message: reason)) {
                try await self.catalog.update(inactive, from: current)
                current = inactive
            }
            // Another invocation may have found the same and begun already.
            guard let restoring = current.restoring() else { return nil }
            let old = try await self.catalog.calling { (store) throws(FunctionStoreError) in
                try await store.snapshotID(name: key.functionName, version: key.version)
            }
            try await self.catalog.update(restoring, from: current)
            await self.ready.drop(key)
            await self.snapshots.forget(key)
            if let old {
                try await self.catalog.calling { (store) throws(FunctionStoreError) in
                    try await store.removeSnapshot(old)
                }
                await self.removeSnapshot(old)
            }
            return self.finishInBackground(key)
        }
    }
}
