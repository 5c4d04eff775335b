internal import Sandboxes
internal import Snapshots

/// The versions in use: has the engine keep clones of them ready, of so many versions at a time.
///
/// A version gets the place of the one that has not been used for the longest only when it was used itself since then. Otherwise
/// one version more than there are places, each used in turn, would have every clone ended before its turn comes.
actor ReadyVersions {
    private struct Place {
        let snapshot: SnapshotLease
        var lastUse: UInt64
    }

    private let engine: any SandboxEngine
    private let count: Int
    private let maximumVersions: Int
    private var places: [VersionKey: Place] = [:]
    /// When versions without a place were used last: the latest of them.
    private var waiting: [VersionKey: UInt64] = [:]
    private var uses: UInt64 = 0

    init(engine: any SandboxEngine, count: Int, maximumVersions: Int) {
        self.engine = engine
        self.count = count
        self.maximumVersions = maximumVersions
    }

    /// A clone of this version has been asked for, or, when it was just published, soon will be. Returns when the engine has made
    /// up what is missing.
    /// - Returns: why it cannot.
    @discardableResult
    func use(_ key: VersionKey, _ snapshot: SnapshotLease, isNew: Bool = false) async -> SandboxError? {
        // Of one that was deleted meanwhile nothing is kept, not even the lease.
        guard count > 0, maximumVersions > 0, !snapshot.isLeaving else { return nil }
        uses += 1
        var dropped: [SnapshotLease] = []
        if let place = places[key] {
            if place.snapshot.id != snapshot.id { dropped.append(place.snapshot) }
        } else if places.count >= maximumVersions {
            guard let displaced = displaced(by: isNew ? uses : waiting[key] ?? 0) else {
                wait(key)
                return nil
            }
            dropped.append(displaced)
        }
        waiting[key] = nil
        places[key] = Place(snapshot: snapshot, lastUse: uses)
        for old in dropped { await engine.keepReady(0, of: old) }
        return await engine.keepReady(count, of: snapshot)
    }

    /// Has a clone made of a snapshot that no version has yet, and ended.
    ///
    /// - Returns: why none can be made.
    func tryOut(_ snapshot: SnapshotLease) async -> SandboxError? {
        let failure = await engine.keepReady(1, of: snapshot)
        await engine.keepReady(0, of: snapshot)
        return failure
    }

    /// A version has another snapshot: what is kept ready of it, if anything is, is made of that one.
    func replace(_ key: VersionKey, by snapshot: SnapshotLease) async {
        if places[key] != nil { await use(key, snapshot) }
    }

    /// Lets go of a snapshot that no version has any more. Take it out of the store first.
    func forget(_ snapshot: SnapshotID) async {
        places = places.filter { $0.value.snapshot.id != snapshot }
        await engine.forget(snapshot)
    }

    /// Takes its place from a version that was used last before `lastUse`.
    private func displaced(by lastUse: UInt64) -> SnapshotLease? {
        guard let oldest = places.min(by: { $0.value.lastUse < $1.value.lastUse }), oldest.value.lastUse < lastUse
        else {
            return nil
        }
        places[oldest.key] = nil
        waiting[oldest.key] = oldest.value.lastUse
        return oldest.value.snapshot
    }

    private func wait(_ key: VersionKey) {
        waiting[key] = uses
        guard waiting.count > 8 * maximumVersions else { return }
        if let oldest = waiting.min(by: { $0.value < $1.value })?.key { waiting[oldest] = nil }
    }
}
