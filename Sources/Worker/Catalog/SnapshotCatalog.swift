internal import BaseImages
internal import FunctionModel
internal import FunctionStore
internal import LinuxKit
internal import Sandboxes
internal import Snapshots

/// The snapshots of the versions in use, each read and checked once.
actor SnapshotCatalog {
    /// The version has no snapshot that can be used; it must be made anew.
    struct Unusable: Error { let reason: String }

    private struct Known {
        let snapshot: StoredSnapshot
        /// What its files looked like when their content was checked; nil for one that could not be looked at.
        let stamps: [FileStamp?]
    }

    private let store: SnapshotStore
    private let functions: FunctionCatalog
    private let files: any FunctionFiles
    private var known: [VersionKey: Known] = [:]
    private var opening: [VersionKey: Task<Result<Known, Unusable>, Never>] = [:]

    init(store: SnapshotStore, functions: FunctionCatalog, files: any FunctionFiles) {
        self.store = store
        self.files = files
        self.functions = functions
    }

    /// The snapshot of a version. Its content is checked on first use, and again when its files have changed since.
    func snapshot(of key: VersionKey) async throws(Unusable) -> StoredSnapshot {
        if let entry = known[key] {
            if Self.stamps(of: entry.snapshot) == entry.stamps { return entry.snapshot }
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
        return try result.get().snapshot
    }

    private func open(_ key: VersionKey) async -> Result<Known, Unusable> {
        do {
            let recorded = try await functions.calling { (store) throws(FunctionStoreError) in
                try await store.snapshotID(name: key.functionName, version: key.version)
            }
            guard let id = recorded.flatMap(SnapshotID.init) else {
                return .failure(Unusable(reason: "no snapshot is recorded for the version"))
            }
            let stored = try await store.open(id)
            let snapshot = stored.on(try await basis(of: stored, key))
            return .success(Known(snapshot: snapshot, stamps: Self.stamps(of: snapshot)))
        } catch let error as Unusable {
            return .failure(error)
        } catch {
            return .failure(Unusable(reason: "\(error)"))
        }
    }

    /// Finds what the snapshot was taken on; code that was only ever a copy of the version's zip is made again.
    private func basis(of snapshot: StoredSnapshot, _ key: VersionKey) async throws -> SnapshotBasis {
        let digest = snapshot.manifest.snapshot.imageDigest
        guard let image = try files.image(digest: digest) else {
            throw Unusable(reason: "the base image \(digest) it was taken on is gone")
        }
        guard let function = try await functions.configuration(key), let code = function.code.hexadecimalDigest else {
            throw Unusable(reason: "the version is gone")
        }
        let path = try await files.codeImage(zip: functions.codePath(function.code), sha256: code)
        return image.image.basis(code: path)
    }

    /// Takes a snapshot that has just been committed.
    func adopt(_ snapshot: StoredSnapshot, of key: VersionKey) {
        opening[key] = nil
        known[key] = Known(snapshot: snapshot, stamps: Self.stamps(of: snapshot))
    }

    /// Forgets a version's snapshot; gives it back if it was in use.
    @discardableResult
    func forget(_ key: VersionKey) -> StoredSnapshot? {
        opening[key] = nil
        return known.removeValue(forKey: key)?.snapshot
    }

    func remove(_ id: SnapshotID) async throws(SnapshotError) { try await store.remove(id) }

    func keys(where matches: @Sendable (VersionKey) -> Bool) -> [VersionKey] { known.keys.filter(matches) }

    private static func stamps(of snapshot: StoredSnapshot) -> [FileStamp?] {
        snapshot.manifest.files.map { file in try? FileStamp(FileStatus.of(snapshot.path(file.name))) }
    }
}
