internal import CLinux
import Glibc
package import SystemPackage

/// Files that are on disk when the call returns.
package enum DurableFile {
    /// fsync(2) of a file.
    package static func sync(_ path: FilePath) throws(Errno) {
        try OwnedDescriptor.open(path, .readOnly).sync()
    }

    /// fsync(2) of a directory: makes names made, renamed or removed in it durable.
    package static func syncDirectory(_ path: FilePath) throws(Errno) {
        try OwnedDescriptor.openDirectory(path).sync()
    }

    /// Makes the directory and those above it that are missing: on disk when the call returns.
    package static func makeDirectory(_ path: FilePath) throws(Errno) {
        guard !path.isEmpty, !FileStatus.isDirectory(path) else { return }
        let parent = path.removingLastComponent()
        try makeDirectory(parent)
        try Directory.create(path, existingIsFine: true)
        try syncDirectory(parent.isEmpty ? "." : parent)
    }

    /// Puts `bytes` at `path` so that after a crash there is the old content or the new, never a part.
    ///
    /// Written to `.<name>.<random>` beside it, synced, renamed, and the directory synced. On failure that file is removed, and
    /// its space is free.
    package static func write(
        _ bytes: some Sequence<UInt8>, to path: FilePath,
        permissions: FilePermissions = FilePermissions(rawValue: 0o644)
    ) throws(Errno) {
        guard let name = path.lastComponent?.string else { throw .invalidArgument }
        let draft = try FileDraft(in: path.removingLastComponent(), name: name, permissions: permissions)
        try draft.descriptor.writeAll(bytes)
        try draft.commit(as: name)
    }

    /// rename(2): replaces what is at `destination`. Durable once ``syncDirectory(_:)`` of its directory returned.
    package static func rename(_ source: FilePath, to destination: FilePath) throws(Errno) {
        try syscall {
            source.withPlatformString { source in
                destination.withPlatformString { Glibc.rename(source, $0) }
            }
        }
    }

    /// unlink(2).
    package static func remove(_ path: FilePath) throws(Errno) {
        try syscall { path.withPlatformString { unlink($0) } }
    }
}

extension OwnedDescriptor {
    /// fsync(2).
    package borrowing func sync() throws(Errno) {
        try withRaw { raw throws(Errno) in _ = try syscall { fsync(raw) } }
    }

    /// ftruncate(2).
    package borrowing func setSize(_ bytes: Int64) throws(Errno) {
        try withRaw { raw throws(Errno) in _ = try syscall { ftruncate(raw, off_t(bytes)) } }
    }
}
