import Snapshots

/// A repository that has no room left for what was staged.
struct FullSnapshots: SnapshotRepository {
    let store: SnapshotStore

    func sweep() async throws(SnapshotError) { try await store.sweep() }
    func stage() throws(SnapshotError) -> SnapshotStaging { try store.stage() }
    func resolve(_ id: SnapshotID) async throws(SnapshotError) -> SnapshotLease { try await store.resolve(id) }
    func manifest(of id: SnapshotID) async throws(SnapshotError) -> SnapshotManifest {
        try await store.manifest(of: id)
    }
    func list() throws(SnapshotError) -> [SnapshotID] { try store.list() }
    func remove(_ id: SnapshotID) async throws(SnapshotError) { try await store.remove(id) }

    func commit(
        _ staging: SnapshotStaging, describing snapshot: SnapshotDescription
    ) async throws(SnapshotError) -> SnapshotLease {
        staging.discard()
        throw .noSpace(staging.directory)
    }
}
