import Glibc
package import SystemPackage

extension OwnedDescriptor {
    /// Gives the file a name, also one made by ``openTemporary(in:)``: linkat(2) through /proc, on the same file system.
    package borrowing func link(to path: FilePath) throws(Errno) {
        try withRaw { raw throws(Errno) in
            _ = try syscall {
                path.withPlatformString { linkat(AT_FDCWD, "/proc/self/fd/\(raw)", AT_FDCWD, $0, AT_SYMLINK_FOLLOW) }
            }
        }
    }

    /// fchown(2).
    package borrowing func setOwner(user: UInt32, group: UInt32) throws(Errno) {
        try withRaw { raw throws(Errno) in _ = try syscall { fchown(raw, user, group) } }
    }

    /// fchmod(2).
    package borrowing func setPermissions(_ permissions: FilePermissions) throws(Errno) {
        try withRaw { raw throws(Errno) in _ = try syscall { fchmod(raw, mode_t(permissions.rawValue)) } }
    }
}
