internal import FunctionModel
internal import Logging
internal import Sandboxes
internal import Snapshots

/// The version has no snapshot that can be used; it must be made anew.
struct UnusableSnapshot: Error {
    let reason: String
    /// Whether a clone was to be made of it, and could not.
    var wasTried = false
}

/// The snapshots of the versions in use, each read and checked once.
actor SnapshotCatalog {
    private let store: any SnapshotRepository
    private let functions: FunctionCatalog
    private let images: FunctionImages
    private let ready: ReadyVersions
    private let logger: Logger
    private var known: [VersionKey: SnapshotLease] = [:]
    private var opening: [VersionKey: Task<Result<SnapshotLease, UnusableSnapshot>, Never>] = [:]

    init(
        store: any SnapshotRepository, functions: FunctionCatalog, images: FunctionImages, ready: ReadyVersions,
        logger: Logger
    ) {
        self.store = store
        self.functions = functions
        self.images = images
        self.ready = ready
        self.logger = logger
    }

    /// The snapshot of a version. Its content is checked on first use, and again when its files have changed since.
    func snapshot(of key: VersionKey) async throws(UnusableSnapshot) -> SnapshotLease {
        if let entry = known[key] {
            if entry.isUnchanged, entry.hasItsBasis { return entry }
            known[key] = nil
        }
        let task = opening[key] ?? Task { await open(key) }
        opening[key] = task
        let result = await task.value
        // Whoever comes first after the end keeps it; `adopt` may have been quicker.
        if opening[key] == task {
            opening[key] = nil
            if case .success(let entry) = result { known[key] = entry }
        }
        return try result.get()
    }

    private func open(_ key: VersionKey) async -> Result<SnapshotLease, UnusableSnapshot> {
        do {
            guard let id = try await functions.snapshotID(of: key).flatMap(SnapshotID.init) else {
                return .failure(UnusableSnapshot(reason: "no snapshot is recorded for the version"))
            }
            let snapshot = try await store.resolve(id)
            return .success(snapshot.on(try await basis(of: snapshot, key)))
        } catch let error as UnusableSnapshot {
            return .failure(error)
        } catch {
            return .failure(UnusableSnapshot(reason: "\(error)"))
        }
    }

    /// Finds what the snapshot was taken on; code that was only ever a copy of the version's zip is made again.
    private func basis(of snapshot: SnapshotLease, _ key: VersionKey) async throws -> SnapshotBasis {
        guard let function = try await functions.configuration(key) else {
            throw UnusableSnapshot(reason: "the version is gone")
        }
        guard snapshot.manifest.snapshot.layersSha256 == function.layerSet else {
            throw UnusableSnapshot(reason: "it was taken with other layers")
        }
        return try await images.image(of: snapshot, function).image.basis(
            code: try await images.code(of: function), layers: try await images.layers(of: function))
    }

    /// Takes a snapshot that has just been committed.
    func adopt(_ snapshot: SnapshotLease, of key: VersionKey) {
        opening[key] = nil
        known[key] = snapshot
    }

    /// Forgets a version's snapshot.
    func forget(_ key: VersionKey) {
        opening[key] = nil
        known[key] = nil
    }

    /// Removes a snapshot's files, with everything that is kept of it; failing that, says so: the next start tries again.
    func remove(_ text: String) async {
        guard let id = SnapshotID(text) else { return }
        do { try await store.remove(id) } catch {
            logger.error("cannot remove a snapshot", metadata: ["snapshot": "\(id)", "error": "\(error)"])
        }
        await ready.forget(id)
    }
}
