internal import CLinux
import Glibc
package import SystemPackage

extension OwnedDescriptor {
    /// open(2), close-on-exec. `options` may hold `.nonBlocking`; ``openTemporary(in:)`` covers O_TMPFILE.
    package static func open(
        _ path: FilePath, _ mode: FileDescriptor.AccessMode, options: FileDescriptor.OpenOptions = [],
        permissions: FilePermissions = [.ownerReadWrite]
    ) throws(Errno) -> OwnedDescriptor {
        let flags = mode.rawValue | options.rawValue | O_CLOEXEC
        return try OwnedDescriptor {
            path.withPlatformString { Glibc.open($0, flags, mode_t(permissions.rawValue)) }
        }
    }

    /// openat(2): `path` is taken relative to this directory.
    package borrowing func open(
        at path: FilePath, _ mode: FileDescriptor.AccessMode, options: FileDescriptor.OpenOptions = [],
        permissions: FilePermissions = [.ownerReadWrite]
    ) throws(Errno) -> OwnedDescriptor {
        let flags = mode.rawValue | options.rawValue | O_CLOEXEC
        return try withRaw { directory throws(Errno) in
            try OwnedDescriptor {
                path.withPlatformString { openat(directory, $0, flags, mode_t(permissions.rawValue)) }
            }
        }
    }

    /// A directory, for fsync or openat.
    package static func openDirectory(_ path: FilePath) throws(Errno) -> OwnedDescriptor {
        try open(path, .readOnly, options: [.directory])
    }

    /// O_TMPFILE of open(2): a file without a name in `directory`'s file system, gone when it is closed.
    package static func openTemporary(in directory: FilePath) throws(Errno) -> OwnedDescriptor {
        let flags = O_RDWR | O_CLOEXEC | clinux_O_TMPFILE
        return try OwnedDescriptor { directory.withPlatformString { Glibc.open($0, flags, mode_t(0o600)) } }
    }

    /// memfd_create(2): a file in memory. `name` is only for /proc.
    package static func memoryFile(named name: String) throws(Errno) -> OwnedDescriptor {
        try OwnedDescriptor { memfd_create(name, clinux_MFD_CLOEXEC) }
    }

    /// pipe2(2): what is written to `second` is read from `first`.
    package static func pipe(nonblocking: Bool = false) throws(Errno) -> DescriptorPair {
        let flags = O_CLOEXEC | (nonblocking ? O_NONBLOCK : 0)
        return try DescriptorPair { ends in pipe2(ends, flags) == 0 ? 0 : -errno }
    }

    /// The same, its room counted as `user`'s: see `pipe-user-pages-soft` in proc_sys_fs(5). Nil: the caller's. Needs CAP_SETUID.
    package static func pipe(chargedTo user: UInt32?) throws(Errno) -> DescriptorPair {
        guard let user else { return try pipe() }
        return try DescriptorPair { ends in clinux_pipe_of(ends, user) }
    }

    /// socketpair(2) of Unix stream sockets.
    package static func socketPair(nonblocking: Bool = false) throws(Errno) -> DescriptorPair {
        try DescriptorPair { ends in clinux_socketpair(AF_UNIX, streamType, nonblocking ? 1 : 0, ends) }
    }

    /// eventfd(2), nonblocking: readable while its count is not zero.
    package static func event() throws(Errno) -> OwnedDescriptor {
        try OwnedDescriptor { eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK)) }
    }

    static var streamType: CInt { CInt(SOCK_STREAM.rawValue) }
}
