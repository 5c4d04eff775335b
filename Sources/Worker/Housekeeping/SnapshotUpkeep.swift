internal import FunctionModel
internal import FunctionStore
internal import Logging
internal import Sandboxes
internal import Snapshots
import Synchronization

import struct Foundation.Date

/// Looks after snapshots at the start and every ten minutes: a version that nobody has invoked for the retention time becomes
/// `Inactive` and loses its snapshot, until somebody asks for it; one whose base image has been built anew gets another one.
package struct SnapshotUpkeep: Sendable {
    let functions: FunctionCatalog
    let settings: FunctionSettingControl
    let images: FunctionImages
    let store: any SnapshotRepository
    let snapshots: SnapshotCatalog
    let pool: SandboxPool
    let uses: SnapshotUses
    let publishing: PublishPipeline
    /// Nil is for ever.
    let retention: Duration?
    let tasks: BackgroundTasks
    let clock: WorkerClock
    let logger: Logger
    private let state = Memory()

    private final class Memory: Sendable {
        let isBusy = Mutex(false)
        /// The digests of base images on which no snapshot could be made: tried again at the next start.
        let failed = Mutex<[VersionKey: String]>([:])
    }

    private static let interval = Duration.seconds(600)

    /// Runs until the task is cancelled. An init under way is then ended by the stop.
    func run() async {
        while true {
            tasks.start { await look() }
            do { try await clock.sleep(Self.interval) } catch { return }
        }
    }

    /// Looks once, unless somebody still does.
    package func look() async {
        let isAlone = state.isBusy.withLock { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        guard isAlone else { return }
        defer { state.isBusy.withLock { $0 = false } }
        do throws(LambdaError) {
            let left = try await deactivateIdle(try await functions.snapshotUses())
            try await regenerate(left)
        } catch {
            logger.error("cannot look after snapshots", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - Idle versions

    /// - Returns: the snapshots that stay.
    private func deactivateIdle(_ all: [SnapshotUse]) async throws(LambdaError) -> [SnapshotUse] {
        let (now, taken) = (clock.date, uses.take())
        let used = taken.union(pool.running.functions)
        // A time that is still to come was noted by a clock that was wrong.
        let news = all.filter { used.contains($0.key) || ($0.usedAt ?? .distantFuture) > now }
        do throws(LambdaError) { try await functions.noteUse(ofSnapshots: news.map(\.id), at: now) } catch {
            uses.putBack(taken)
            throw error
        }
        guard let retention else { return all }
        let limit = now.addingTimeInterval(-Double(retention.components.seconds))
        var left: [SnapshotUse] = []
        for snapshot in all {
            guard let usedAt = snapshot.usedAt, usedAt <= limit, !used.contains(snapshot.key),
                try await deactivate(snapshot)
            else {
                left.append(snapshot)
                continue
            }
        }
        return left
    }

    /// - Returns: false when the version is in use after all, or has another snapshot.
    private func deactivate(_ snapshot: SnapshotUse) async throws(LambdaError) -> Bool {
        let key = snapshot.key
        let isDone = try await functions.changing(key.functionName) { () throws(LambdaError) -> Bool in
            guard !uses.contains(key), try await functions.snapshotID(of: key) == snapshot.id,
                let current = try await functions.stored(key)
            else { return false }
            if let idle = current.deactivated(.idle) {
                try await functions.update(idle, from: current)
            } else {
                // A crash may have come between both steps.
                guard case .inactive = current.state else { return false }
            }
            await snapshots.forget(key)
            await publishing.remove(snapshot.id, of: key)
            return true
        }
        if isDone {
            logger.notice(
                "a version is inactive, as nobody has invoked it",
                metadata: ["function": "\(key.functionName)", "version": "\(key.version)"])
        }
        return isDone
    }

    // MARK: - New base images

    private func regenerate(_ all: [SnapshotUse]) async throws(LambdaError) {
        var present: [String: RuntimeImage?] = [:]
        for snapshot in all {
            if Task.isCancelled { return }
            guard let function = try await functions.stored(snapshot.key), function.regenerated() != nil else {
                continue
            }
            let found = present[function.runtime]
            // A runtime without an image is no news: its snapshots' own images are there, or they are found unusable.
            let image = if let found { found } else { try? await images.runtime(function.runtime) }
            present[function.runtime] = .some(image)
            guard let image, await isOutdated(snapshot, function, image),
                try await settings.runtimeManagement(of: function.reference).updateOn == "Auto"
            else { continue }
            logger.info(
                "a version's base image was built anew, the version is initialised again",
                metadata: ["function": "\(function.functionName)", "version": "\(function.version)"])
            let outcome = await publishing.regenerate(function, replacing: snapshot.id)
            if case .failed = outcome { state.failed.withLock { $0[snapshot.key] = image.image.digest } }
        }
    }

    private func isOutdated(
        _ snapshot: SnapshotUse, _ function: FunctionConfiguration, _ image: RuntimeImage
    ) async -> Bool {
        guard function.runtimeVersionARN != image.version?.arn,
            state.failed.withLock({ $0[snapshot.key] }) != image.image.digest,
            let id = SnapshotID(snapshot.id), let manifest = try? await store.manifest(of: id)
        else { return false }
        return manifest.snapshot.imageDigest != image.image.digest
    }
}

extension SnapshotUse {
    fileprivate var key: VersionKey { VersionKey(functionName, version) }
}

extension FunctionConfiguration {
    fileprivate var reference: FunctionReference {
        FunctionReference(name: functionName, qualifier: version.qualifier)
    }
}
