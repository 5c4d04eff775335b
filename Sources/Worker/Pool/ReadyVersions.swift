internal import Sandboxes
internal import Snapshots

/// The versions used last: has the engine keep clones of them ready, and drops those of the others.
actor ReadyVersions {
    private let engine: any SandboxEngine
    private let count: Int
    private let maximumVersions: Int
    /// Least recently used first.
    private var kept: [(key: VersionKey, snapshot: SnapshotLease)] = []

    init(engine: any SandboxEngine, count: Int, maximumVersions: Int) {
        self.engine = engine
        self.count = count
        self.maximumVersions = maximumVersions
    }

    /// A clone of this version has been or will soon be asked for. Returns when the engine has made up what is missing.
    func use(_ key: VersionKey, _ snapshot: SnapshotLease) async {
        // Of one that was deleted meanwhile nothing is kept, not even the lease.
        guard count > 0, maximumVersions > 0, !snapshot.isLeaving else { return }
        var dropped: [SnapshotLease] = []
        if let position = kept.firstIndex(where: { $0.key == key }) {
            let earlier = kept.remove(at: position).snapshot
            if earlier.id != snapshot.id { dropped.append(earlier) }
        }
        kept.append((key, snapshot))
        while kept.count > maximumVersions { dropped.append(kept.removeFirst().snapshot) }
        for old in dropped { await engine.keepReady(0, of: old) }
        await engine.keepReady(count, of: snapshot)
    }

    /// Lets go of a snapshot that no version has any more. Take it out of the store first.
    func forget(_ snapshot: SnapshotID) async {
        kept.removeAll { $0.snapshot.id == snapshot }
        await engine.forget(snapshot)
    }
}
