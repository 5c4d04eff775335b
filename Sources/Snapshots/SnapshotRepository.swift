/// Where snapshots are kept. A snapshot is written into a staging, committed, and then used under a lease.
package protocol SnapshotRepository: Sendable {
    /// Removes what a server that died left half-written or half-removed. Called once at start, before anything else.
    func sweep() async throws(SnapshotError)

    /// Makes room for a snapshot to be written into.
    func stage() throws(SnapshotError) -> SnapshotStaging

    /// Makes everything in `staging` durable and gives it its place.
    ///
    /// Afterwards nothing is staged, also when this throws.
    func commit(
        _ staging: SnapshotStaging, describing snapshot: SnapshotDescription
    ) async throws(SnapshotError) -> SnapshotLease

    /// A snapshot, checked whole: what its manifest says and every file's content. Resolve once, then keep the lease.
    func resolve(_ id: SnapshotID) async throws(SnapshotError) -> SnapshotLease

    /// What a snapshot says of itself. To thaw it, resolve it.
    func manifest(of id: SnapshotID) async throws(SnapshotError) -> SnapshotManifest

    /// The snapshots that have been committed and not removed, whole or damaged since; in no order.
    func list() throws(SnapshotError) -> [SnapshotID]

    /// Takes a snapshot out; one that is not there is out already. Nobody gets a lease of it from now on.
    ///
    /// Its files are gone when this returns, or else when the last lease ends.
    func remove(_ id: SnapshotID) async throws(SnapshotError)
}
