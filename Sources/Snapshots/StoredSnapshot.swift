package import SystemPackage

/// Where the read-only files are that a snapshot was taken on. The manifest names them by their digests alone, so that a
/// snapshot may move with its state directory.
package struct SnapshotBasis: Sendable, Equatable {
    package var kernel: FilePath
    package var initramfs: FilePath
    package var root: FilePath
    /// Nil for what has no function.
    package var code: FilePath?

    package init(kernel: FilePath, initramfs: FilePath, root: FilePath, code: FilePath?) {
        self.kernel = kernel
        self.initramfs = initramfs
        self.root = root
        self.code = code
    }
}

/// A snapshot in the store whose manifest and files have been checked.
///
/// Its files never change; they may be unlinked while clones hold them open.
package struct StoredSnapshot: Sendable {
    package let id: SnapshotID
    package let directory: FilePath
    package let manifest: SnapshotManifest
    /// Nil in a store, which knows no images: whoever hands the snapshot to an engine has found them.
    package private(set) var basis: SnapshotBasis?

    init(id: SnapshotID, directory: FilePath, manifest: SnapshotManifest) {
        self.id = id
        self.directory = directory
        self.manifest = manifest
    }

    package func on(_ basis: SnapshotBasis) -> StoredSnapshot {
        var snapshot = self
        snapshot.basis = basis
        return snapshot
    }

    /// The path of a file that the manifest names.
    package func path(_ name: String) -> FilePath { directory.appending(name) }

    /// Refuses a snapshot that another engine took, or the same engine under other conditions.
    /// - Parameter host: this host's value for everything the engine lists as a requirement.
    package func checkFits(isolation: String, host: [String: String]) throws(SnapshotError) {
        let engine = manifest.snapshot.engine
        guard engine.isolation == isolation else {
            throw .foreign(id, reason: "it was taken by the \(engine.isolation) engine, not \(isolation)")
        }
        for name in Set(engine.requirements.keys).union(host.keys).sorted() {
            let (needed, found) = (engine.requirements[name], host[name])
            guard needed != found else { continue }
            throw .foreign(id, reason: "it needs \(name) \(needed ?? "unset"); this host has \(found ?? "none")")
        }
    }
}
