import LinuxKit
import Sandboxes
import Snapshots
import SystemPackage

/// Disks in layers: a clone's own begins empty, over what its template wrote, over the pristine image.
struct LayeredDisks: WritableDisks {
    /// Names of the files in a snapshot's directory.
    private enum File {
        /// What the frozen sandbox wrote to /tmp, over the pristine image.
        static let written = "scratch.qcow2"
        /// The pristine /tmp the sandbox was booted with.
        static let pristine = "scratch.ext4"
    }

    func fresh(from pristine: FilePath, in directory: FilePath) async throws(SandboxError) -> [DiskLayer] {
        let file = try MachineFiles.open(pristine)
        return [
            DiskLayer(file: file, format: .raw),
            try Self.emptyLayer(size: try Self.size(of: file, at: pristine), in: directory),
        ]
    }

    func keep(_ layers: [DiskLayer], in staging: SnapshotStaging) throws(Errno) {
        try layers.last?.file.descriptor.link(to: staging.path(File.written))
        try layers.first?.file.descriptor.link(to: staging.path(File.pristine))
    }

    func copy(of snapshot: SnapshotLease, in directory: FilePath) async throws(SandboxError) -> [DiskLayer] {
        let path = snapshot.path(File.pristine)
        let pristine = try MachineFiles.open(path)
        return [
            DiskLayer(file: pristine, format: .raw),
            DiskLayer(file: try MachineFiles.open(snapshot.path(File.written)), format: .qcow2),
            try Self.emptyLayer(size: try Self.size(of: pristine, at: path), in: directory),
        ]
    }

    private static func size(of file: SharedDescriptor, at path: FilePath) throws(SandboxError) -> UInt64 {
        UInt64(try hostCall("look at \(path)") { try FileStatus.of(file.descriptor).size })
    }

    /// A writable layer over whatever lies below: an empty qcow2 without a name, on the file system of `directory`.
    private static func emptyLayer(size: UInt64, in directory: FilePath) throws(SandboxError) -> DiskLayer {
        let file = try hostCall("make a file in \(directory)") {
            let file = try OwnedDescriptor.openTemporary(in: directory)
            try file.writeAll(CopyOnWriteDisk.image(size: size))
            return file
        }
        return DiskLayer(file: file.shared(), format: .qcow2)
    }
}
