import LinuxKit
import Sandboxes
import Snapshots
import SystemPackage

/// The disk behind a guest's /tmp: how one is made, how it becomes a part of a snapshot, and how a clone gets its own.
package protocol WritableDisks: Sendable {
    /// For a machine that boots. Files without names are made in `directory`.
    func fresh(from pristine: FilePath, in directory: FilePath) async throws(SandboxError) -> [DiskLayer]
    /// Names the files of a disk that is written to no more. Blocks.
    func keep(_ layers: [DiskLayer], in staging: SnapshotStaging) throws(Errno)
    /// For a clone: a disk with the content of what was kept.
    func copy(of snapshot: SnapshotLease, in directory: FilePath) async throws(SandboxError) -> [DiskLayer]
}

/// A file of a disk. Of several the last is written to and falls through to those before it.
package struct DiskLayer: Sendable {
    package enum Format: String, Sendable { case raw, qcow2 }

    var file: SharedDescriptor
    var format: Format
}
