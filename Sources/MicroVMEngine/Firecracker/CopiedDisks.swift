import LinuxKit
import NIOPosix
import Sandboxes
import Snapshots
import SystemPackage

/// Disks of one raw file, of which every machine has a copy: of what is in it, not of its holes, and where the file system can share
/// blocks of not even that.
struct CopiedDisks: WritableDisks {
    /// In a snapshot's directory.
    private static let file = "scratch.img"

    func fresh(from pristine: FilePath, in directory: FilePath) async throws(SandboxError) -> [DiskLayer] {
        try await copy(of: pristine, in: directory)
    }

    func keep(_ layers: [DiskLayer], in staging: SnapshotStaging) throws(Errno) {
        try layers.last?.file.descriptor.link(to: staging.path(Self.file))
    }

    func copy(of snapshot: SnapshotLease, in directory: FilePath) async throws(SandboxError) -> [DiskLayer] {
        try await copy(of: snapshot.path(Self.file), in: directory)
    }

    private func copy(of path: FilePath, in directory: FilePath) async throws(SandboxError) -> [DiskLayer] {
        let original = try MachineFiles.open(path)
        let copied = await BlockingThread.run {
            Result { () throws(Errno) in
                let copy = try MachineFiles.new(in: directory)
                try original.descriptor.copySparse(to: copy)
                return copy.shared()
            }
        }
        return [DiskLayer(file: try hostCall("copy \(path)") { try copied.get() }, format: .raw)]
    }
}
