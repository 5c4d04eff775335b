import Synchronization

/// Versions of which a clone was asked for since somebody looked last. A warm invocation leaves no note: its sandbox is in the pool.
final class SnapshotUses: Sendable {
    private let noted = Mutex<Set<VersionKey>>([])

    func note(_ key: VersionKey) { noted.withLock { _ = $0.insert(key) } }

    func contains(_ key: VersionKey) -> Bool { noted.withLock { $0.contains(key) } }

    /// Hands out the notes and forgets them.
    func take() -> Set<VersionKey> {
        noted.withLock { noted in
            defer { noted = [] }
            return noted
        }
    }

    /// Takes notes back that could not be kept.
    func putBack(_ keys: Set<VersionKey>) { noted.withLock { $0.formUnion(keys) } }
}
