internal import LinuxKit
package import SystemPackage

/// Where the read-only files are that a snapshot was taken on. The manifest names them by their digests alone, so that a
/// snapshot may move with its state directory.
package struct SnapshotBasis: Sendable, Equatable {
    package var kernel: FilePath
    package var initramfs: FilePath
    package var root: FilePath
    /// Nil for what has no function.
    package var code: FilePath?
    /// Nil for what has no layers.
    package var layers: FilePath?

    package init(kernel: FilePath, initramfs: FilePath, root: FilePath, code: FilePath?, layers: FilePath? = nil) {
        self.kernel = kernel
        self.initramfs = initramfs
        self.root = root
        self.code = code
        self.layers = layers
    }
}

/// The right to use a snapshot that has been checked: its files stay where they are until the last copy of this is gone.
package struct SnapshotLease: Sendable {
    package var id: SnapshotID { manifest.id }
    package let manifest: SnapshotManifest
    /// Where an engine finds the files that the manifest names, to map them.
    package let directory: FilePath
    /// Nil in a repository, which knows no images: whoever hands the snapshot to an engine has found them.
    package private(set) var basis: SnapshotBasis?
    /// What the files looked like when their content was checked; nil for one that could not be looked at.
    private let stamps: [FileStamp?]
    private let hold: SnapshotHold

    /// - Parameter hold: ends with the last copy.
    package init(_ manifest: SnapshotManifest, in directory: FilePath, hold: SnapshotHold) {
        self.manifest = manifest
        self.directory = directory
        self.hold = hold
        stamps = Self.stamps(of: manifest, in: directory)
    }

    package func on(_ basis: SnapshotBasis) -> SnapshotLease {
        var lease = self
        lease.basis = basis
        return lease
    }

    /// Whether it has been taken out of its repository: nothing should be built ahead on it any more.
    package var isLeaving: Bool { hold.isLeaving() }

    /// The path of a file that the manifest names.
    package func path(_ name: String) -> FilePath { directory.appending(name) }

    /// False when a file has been changed since its content was checked: a statx(2) for each.
    package var isUnchanged: Bool { stamps == Self.stamps(of: manifest, in: directory) }

    /// False when a file is lost that it was taken on: a statx(2) for each.
    package var hasItsBasis: Bool {
        guard let basis else { return true }
        return [basis.kernel, basis.initramfs, basis.root, basis.code, basis.layers].compactMap { $0 }
            .allSatisfy { FileStatus.exists($0) }
    }

    private static func stamps(of manifest: SnapshotManifest, in directory: FilePath) -> [FileStamp?] {
        manifest.files.map { file in try? FileStamp(FileStatus.of(directory.appending(file.name))) }
    }
}

/// What keeps a snapshot where it is, for as long as somebody refers to it.
package final class SnapshotHold: Sendable {
    fileprivate let isLeaving: @Sendable () -> Bool
    private let end: @Sendable () -> Void

    package init(isLeaving: @escaping @Sendable () -> Bool = { false }, end: @escaping @Sendable () -> Void) {
        self.isLeaving = isLeaving
        self.end = end
    }

    deinit { end() }
}
