internal import BaseImages
internal import FunctionModel
internal import FunctionStore
internal import Logging
internal import Snapshots

/// What is begun by a call and ended in the background, or by the next start: a function's code, a version's snapshot.
extension FunctionWorker {
    /// - Returns: the task, which need not be waited for.
    @discardableResult
    func finishInBackground(_ key: VersionKey) -> Task<Void, Never> {
        tasks.start { [self] in
            do throws(LambdaError) { try await finish(key) } catch {
                // The version stays as it is; the next start takes it up again.
                logger.error(
                    "cannot finish a version",
                    metadata: ["function": "\(key.functionName)", "version": "\(key.version)", "error": "\(error)"])
            }
        }
    }

    /// Takes a version that is `Pending`, or a `$LATEST` with an update in progress, to the end.
    private func finish(_ key: VersionKey) async throws(LambdaError) {
        guard let function = try await catalog.configuration(key), function.isUnfinished else { return }
        if key.version != .latest, function.snapStart.applyOn == .publishedVersions {
            await publishGate.pass { [self] in await publishSnapshot(of: function) }
            return
        }
        var reason: StateReason?
        var arn: String?
        do throws(ImageError) {
            _ = try await maker.codeImage(of: function)
            arn = try await parts.files.image(function.runtime)?.version.arn
        } catch {
            reason = .ofImage(error)
        }
        try Self.checkNotStopping()
        try await conclude(key, from: function, reason, runtimeVersionARN: arn)
    }

    private func publishSnapshot(of function: FunctionConfiguration) async {
        let key = VersionKey(function)
        do throws(LambdaError) {
            // It may have been deleted while it waited its turn.
            guard try await catalog.configuration(key) == function else { return }
            do throws(Publisher.Failure) {
                try await install(try await publisher.snapshot(of: function), key, function)
            } catch {
                try Self.checkNotStopping()
                try await conclude(key, from: function, error.reason, runtimeVersionARN: nil)
            }
        } catch {
            logger.error(
                "cannot record a publish",
                metadata: ["function": "\(key.functionName)", "version": "\(key.version)", "error": "\(error)"])
        }
    }

    /// Makes a version active with its snapshot, unless it was deleted meanwhile.
    private func install(
        _ published: Publisher.Published, _ key: VersionKey, _ function: FunctionConfiguration
    ) async throws(Publisher.Failure) {
        let id = published.snapshot.id.description
        do throws(LambdaError) {
            let isInstalled = try await catalog.changing(key.functionName) { () throws(LambdaError) -> Bool in
                guard let current = try await self.catalog.configuration(key), var next = current.activated() else {
                    return false
                }
                next.runtimeVersionARN = published.runtimeVersionARN
                await self.snapshots.adopt(published.snapshot, of: key)
                try await self.catalog.update(next, from: current, snapshotID: id)
                return true
            }
            guard isInstalled else {
                await removeSnapshot(id)
                return
            }
        } catch {
            await snapshots.forget(key)
            await removeSnapshot(id)
            throw Publisher.Failure(reason: .internalError("The snapshot could not be recorded: \(error.message)"))
        }
        parts.observer(.published(key.functionName, key.version, published.times))
        logger.info(
            "published",
            metadata: [
                "function": "\(key.functionName)", "version": "\(key.version)", "snapshot": "\(id)",
                "init": "\(published.times.initialization)", "pause": "\(published.times.pause)",
                "commit": "\(published.times.commit)",
            ])
        await ready.use(key, published.snapshot)
    }

    /// Ends a version's pending state or `$LATEST`'s update, well or with a reason.
    private func conclude(
        _ key: VersionKey, from function: FunctionConfiguration, _ reason: StateReason?, runtimeVersionARN: String?
    ) async throws(LambdaError) {
        try await catalog.changing(key.functionName) { () throws(LambdaError) in
            guard let current = try await self.catalog.configuration(key), current.contentID == function.contentID
            else {
                return
            }
            let concluded: FunctionConfiguration?
            if let reason {
                concluded = current.isPending ? current.failed(reason) : current.updateFailed(reason)
            } else {
                concluded = current.isPending ? current.activated() : current.updateSucceeded()
            }
            guard var next = concluded else { return }
            if let runtimeVersionARN { next.runtimeVersionARN = runtimeVersionARN }
            try await self.catalog.update(next, from: current)
        }
        if let reason {
            logger.warning(
                "version failed",
                metadata: [
                    "function": "\(key.functionName)", "version": "\(key.version)", "code": "\(reason.code)",
                    "reason": "\(reason.message)",
                ])
        }
    }

    /// What a stop cut short has not failed: it is resumed at the next start.
    private static func checkNotStopping() throws(LambdaError) {
        if Task.isCancelled { throw .stopping }
    }
}
