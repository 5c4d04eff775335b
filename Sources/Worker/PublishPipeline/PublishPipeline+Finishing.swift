internal import BaseImages
internal import Basics
internal import FunctionModel
internal import Logging
internal import Telemetry
internal import Tracing

/// What is `Pending`, or a `$LATEST` with an update in progress, comes to its end here: after the call that began it, and after
/// a start that found it.
extension PublishPipeline {
    /// - Returns: the task, which need not be waited for.
    @discardableResult
    func finishInBackground(_ key: VersionKey) -> Task<Void, Never> {
        tasks.start {
            do { try await finish(key) } catch {
                // A stop has begun: the version stays as it is, and the next start takes it up again.
                logger.error(
                    "cannot finish a version",
                    metadata: ["function": "\(key.functionName)", "version": "\(key.version)", "error": "\(error)"])
            }
        }
    }

    private func finish(_ key: VersionKey) async throws(LambdaError) {
        let found = try await insisting(key) { () throws(LambdaError) in try await functions.configuration(key) }
        guard let function = found, function.isUnfinished else { return }
        if key.version != .latest, function.snapStart.applyOn == .publishedVersions {
            try await gate.pass { () throws(LambdaError) in
                try await calls.hop(
                    "publish", attributes: ["function": "\(key.functionName)", "version": "\(key.version)"]
                ) {
                    _ throws(LambdaError) in try await publish(function)
                }
            }
        } else {
            try await makeCodeReady(function)
        }
    }

    /// All that is to be done for what has no snapshot.
    private func makeCodeReady(_ function: FunctionConfiguration) async throws(LambdaError) {
        var failure: PublishFailure?
        var arn: String?
        if let image = function.image {
            do { _ = try await images.container(image) } catch { failure = .ofContainer(error) }
        } else {
            do {
                _ = try await images.code(of: function)
                _ = try await images.layers(of: function)
                arn = try await images.files.image(function.runtime)?.version?.arn
            } catch {
                failure = .ofImage(error)
            }
        }
        try await conclude(VersionKey(function), from: function, failure, runtimeVersionARN: arn)
    }

    /// Ends a version's pending state or `$LATEST`'s update, well or with a failure.
    func conclude(
        _ key: VersionKey, from function: FunctionConfiguration, _ failure: PublishFailure?, runtimeVersionARN: String?
    ) async throws(LambdaError) {
        try await insisting(key) { () throws(LambdaError) in
            // What a stop cut short has not failed: it is resumed at the next start.
            if Task.isCancelled { throw .stopping }
            try await functions.changing(key.functionName) { () throws(LambdaError) in
                guard let current = try await functions.configuration(key), current.contentID == function.contentID
                else { return }
                let concluded: FunctionConfiguration?
                if let reason = failure?.reason {
                    concluded = current.isPending ? current.failed(reason) : current.updateFailed(reason)
                } else {
                    concluded = current.isPending ? current.activated() : current.updateSucceeded()
                }
                guard var next = concluded else { return }
                if let runtimeVersionARN { next.runtimeVersionARN = runtimeVersionARN }
                try await functions.update(next, from: current)
            }
        }
        guard let failure else { return }
        let reason = failure.reason
        logger.warning(
            "version failed",
            metadata: [
                "function": "\(key.functionName)", "version": "\(key.version)", "code": "\(reason.code)",
                "reason": "\(failure.cause ?? reason.message)",
            ])
    }

    /// A version that is there has failed: no clone can be made of its snapshot, and there is none that would do.
    func giveUp(_ key: VersionKey, because reason: String) async throws(LambdaError) {
        try await functions.changing(key.functionName) { () throws(LambdaError) in
            guard let current = try await functions.configuration(key),
                let failed = current.unrestorable(.snapshotUnusable("No clone can be made of the snapshot: \(reason)"))
            else { return }
            let old = try await functions.snapshotID(of: key)
            try await functions.update(failed, from: current)
            await snapshots.forget(key)
            if let old { await remove(old, of: key) }
        }
        logger.warning(
            "version failed",
            metadata: ["function": "\(key.functionName)", "version": "\(key.version)", "reason": "\(reason)"])
    }

    /// Removes a snapshot that its version has no more; another one's row takes its place whether or not the store can forget it now.
    func remove(_ old: String, of key: VersionKey) async {
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

    /// Does what nobody would ask for again: while the store fails, because its disk is full or its database locked, it is tried
    /// again, until `limit` has passed or a stop begins.
    func insisting<R: Sendable>(
        _ key: VersionKey, for limit: Duration? = nil, _ work: () async throws(LambdaError) -> R
    ) async throws(LambdaError) -> R {
        let began = clock.now()
        var pause = Duration.seconds(1)
        while true {
            do { return try await work() } catch {
                let mayPass = error.code == .service || error.code == .codeStorageExceeded
                let isLate = limit.map { clock.now() - began >= $0 } ?? false
                guard mayPass, !isLate, !Task.isCancelled else { throw error }
                logger.warning(
                    "cannot change a version, trying again",
                    metadata: [
                        "function": "\(key.functionName)", "version": "\(key.version)", "error": "\(error)",
                        "pause": "\(pause)",
                    ])
            }
            do { try await clock.sleep(pause) } catch { throw .stopping }
            pause = min(pause * 2, .seconds(30))
        }
    }
}
