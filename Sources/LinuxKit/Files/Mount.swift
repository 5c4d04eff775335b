internal import CLinux
import Glibc
package import SystemPackage

/// Flags of mount(2).
package struct MountFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt
    package init(rawValue: UInt) { self.rawValue = rawValue }
    private init(_ flag: some BinaryInteger) { rawValue = UInt(flag) }

    package static let readOnly = MountFlags(MS_RDONLY)
    package static let noSetUserID = MountFlags(MS_NOSUID)
    package static let noDevices = MountFlags(MS_NODEV)
    package static let noExecution = MountFlags(MS_NOEXEC)
    package static let noAccessTime = MountFlags(MS_NOATIME)
    package static let remount = MountFlags(MS_REMOUNT)
    package static let bind = MountFlags(MS_BIND)
    package static let move = MountFlags(MS_MOVE)
    package static let recursive = MountFlags(MS_REC)
    /// Mounts made elsewhere do not appear here, nor the other way round.
    package static let `private` = MountFlags(MS_PRIVATE)
    /// Mounts made below appear in all copies, and the other way round.
    package static let shared = MountFlags(MS_SHARED)
}

/// Attributes of mount_setattr(2).
package struct MountAttributes: OptionSet, Sendable, Hashable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static let readOnly = MountAttributes(rawValue: 0x1)
    package static let noSetUserID = MountAttributes(rawValue: 0x2)
    package static let noDevices = MountAttributes(rawValue: 0x4)
    package static let noExecution = MountAttributes(rawValue: 0x8)
}

/// Mounts in the calling process's mount namespace.
package enum Mount {
    /// mount(2).
    package static func mount(
        _ source: String, on target: FilePath, type: String = "", flags: MountFlags = [], data: String = ""
    ) throws(Errno) {
        try syscall {
            target.withPlatformString { Glibc.mount(source, $0, type, flags.rawValue, data) }
        }
    }

    /// umount2(2); `detach` takes it out of the tree at once and ends it when its last user goes.
    package static func unmount(_ target: FilePath, detach: Bool = false) throws(Errno) {
        try syscall { target.withPlatformString { umount2($0, detach ? CInt(MNT_DETACH) : 0) } }
    }

    /// The kind of the file system that holds the file: a magic number of fstatfs(2).
    package static func fileSystemType(of file: borrowing OwnedDescriptor) throws(Errno) -> Int {
        var status = statfs()
        try file.withRaw { raw throws(Errno) in _ = try syscall { fstatfs(raw, &status) } }
        return Int(status.f_type)
    }

    /// pivot_root(2): the directory, a mount point, becomes the root of the calling thread's mount namespace; what was the root
    /// before is detached.
    package static func pivotRoot(to directory: FilePath) throws(Errno) {
        try shim { directory.withPlatformString { clinux_pivot_root($0) } }
    }

    /// Makes the mount at `newRoot` the root of this process, from an initramfs, which pivot_root(2) cannot leave.
    ///
    /// The mounts under /dev, /proc and /sys must have been moved first.
    package static func switchRoot(to newRoot: FilePath) throws(Errno) {
        try syscall { newRoot.withPlatformString { chdir($0) } }
        try mount(".", on: "/", flags: .move)
        try syscall { chroot(".") }
        try syscall { chdir("/") }
    }
}
