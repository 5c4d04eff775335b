package import SystemPackage

/// Why the snapshot store could not do what was asked. Callers switch on the case; `description` is for people.
package enum SnapshotError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No snapshot of this name is in the store.
    case missing(SnapshotID)
    /// `file` of the snapshot is not what was written: publish the version anew.
    case corrupt(SnapshotID, file: String, reason: String)
    /// The snapshot is whole but was made by another build, host or image.
    case foreign(SnapshotID, reason: String)
    /// The file system under the store is full.
    case noSpace(FilePath)
    /// What was to be committed cannot be a snapshot.
    case unfit(SnapshotID, reason: String)
    case system(operation: String, path: FilePath, Errno)

    package var description: String {
        switch self {
        case .missing(let id):
            "snapshot \(id) is not in the store. Publish the version again."
        case .corrupt(let id, let file, let reason):
            "snapshot \(id) is damaged: \(file) \(reason). Publish the version again."
        case .foreign(let id, let reason):
            "snapshot \(id) does not fit this host: \(reason). Publish the version again here."
        case .noSpace(let path):
            "no space left for \(path). Delete versions that are no longer needed, or move --state-dir to a larger file system."
        case .unfit(let id, let reason):
            "\(id) cannot be committed: \(reason)."
        case .system(let operation, let path, let code):
            "cannot \(operation) \(path): \(code)."
        }
    }
}
