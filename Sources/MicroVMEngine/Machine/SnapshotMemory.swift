import LinuxKit
import Sandboxes
import Snapshots
import SystemPackage

/// Guards the memory files that clones map: QEMU insists on opening them for writing, so a guest that had broken out of its
/// QEMU could change what its siblings start from. A file written to since it was checked is never used again.
actor SnapshotMemory {
    private var modified: [SnapshotID: Int64] = [:]

    func open(_ snapshot: SnapshotLease) throws(SandboxError) -> SharedDescriptor {
        let path = snapshot.path(MachineDescription.File.memory)
        let file = try MachineFiles.open(path)
        let status = try hostCall("look at \(path)") { try FileStatus.of(file.descriptor) }
        if let known = modified[snapshot.id], known != status.modified {
            throw .snapshotUnusable("\(path) has been changed since it was checked")
        }
        if !snapshot.isLeaving { modified[snapshot.id] = status.modified }
        return file
    }

    func forget(_ snapshot: SnapshotID) { modified[snapshot] = nil }
}
