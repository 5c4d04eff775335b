internal import Basics
internal import FunctionModel
internal import Logging
internal import Sandboxes
internal import Snapshots

/// Another snapshot for a version that has one and stays `Active` meanwhile.
extension PublishPipeline {
    /// How a regeneration came out.
    enum Regeneration: Sendable {
        case done
        /// The version was changed or deleted meanwhile, or a stop has begun.
        case overtaken
        /// It keeps the snapshot that it has.
        case failed
    }

    /// Initialises a version again on its runtime's present base image. Its present snapshot serves until the new one is there,
    /// and stays where none can be had or no clone can be made of it.
    ///
    /// - Parameter old: the present snapshot.
    func regenerate(_ function: FunctionConfiguration, replacing old: String) async -> Regeneration {
        let key = VersionKey(function)
        do {
            let isInstalled = try await gate.pass { () async throws(PublishFailure) -> Bool in
                let published = try await makeSnapshot(of: function)
                try await tryOut(published)
                guard try await timed(.install, try await exchange(published, of: key, replacing: old)) else {
                    return false
                }
                report(published, key)
                return true
            }
            return isInstalled ? .done : .overtaken
        } catch {
            // What a stop cut short has not failed.
            if Task.isCancelled { return .overtaken }
            observe(.publishEnded(failure: error.reason.code))
            tellOfFailure(error, function)
            return .failed
        }
    }

    private func tryOut(_ published: Published) async throws(PublishFailure) {
        guard let failure = await ready.tryOut(published.snapshot), failure.code == .snapshotUnusable else { return }
        await snapshots.remove(published.snapshot.id.description)
        throw PublishFailure(
            reason: .snapshotUnusable("No clone can be made of the snapshot: \(failure.message)"))
    }

    /// - Returns: false when the version is not what it was.
    private func exchange(
        _ published: Published, of key: VersionKey, replacing old: String
    ) async throws(PublishFailure) -> Bool {
        let id = published.snapshot.id.description
        let isExchanged: Bool
        do {
            isExchanged = try await functions.changing(key.functionName) { () throws(LambdaError) -> Bool in
                guard try await functions.snapshotID(of: key) == old,
                    let current = try await functions.configuration(key), var next = current.regenerated()
                else { return false }
                next.runtimeVersionARN = published.runtimeVersionARN
                next.isolationReason = published.isolationReason
                await snapshots.adopt(published.snapshot, of: key)
                try await functions.update(next, from: current, snapshotID: id)
                return true
            }
        } catch {
            await snapshots.forget(key)
            await snapshots.remove(id)
            throw .ofInstall(error)
        }
        guard isExchanged else {
            await snapshots.remove(id)
            return false
        }
        await ready.replace(key, by: published.snapshot)
        await snapshots.remove(old)
        return true
    }

    private func tellOfFailure(_ failure: PublishFailure, _ function: FunctionConfiguration) {
        let log = logs.open(function)
        let remark = "The version keeps its snapshot: none could be made on the present base image"
        log.write(text: "\(remark): \(failure.reason.message)")
        log.close()
        logger.warning(
            "a version keeps its snapshot, as none could be made on the present base image",
            metadata: [
                "function": "\(function.functionName)", "version": "\(function.version)",
                "code": "\(failure.reason.code)", "reason": "\(failure.cause ?? failure.reason.message)",
            ])
    }
}
