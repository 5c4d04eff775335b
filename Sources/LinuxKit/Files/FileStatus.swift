internal import CLinux
import Glibc
package import SystemPackage

/// statx(2), as far as it is needed here.
package struct FileStatus: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case regular, directory, symlink, blockDevice, characterDevice, pipe, socket, other
    }

    package let kind: Kind
    package let permissions: FilePermissions
    package let user: UInt32
    package let group: UInt32
    package let size: Int64
    /// What the file takes on disk, holes excluded.
    package let allocatedBytes: Int64
    package let inode: UInt64
    /// Major and minor number of the file system's device.
    package let device: UInt64
    /// Of a device node: the numbers of what it stands for, laid out as ``device``.
    package let deviceNumber: UInt64
    package let links: UInt32
    /// Nanoseconds since 1970. Wraps around in 2262, where a trap would end the process: a file may claim any time.
    package let modified: Int64
    package let accessed: Int64

    /// Of the file at `path`, a symlink itself unless `following`.
    package static func of(_ path: FilePath, following: Bool = true) throws(Errno) -> FileStatus {
        var status = statx()
        try shim { path.withPlatformString { clinux_statx(AT_FDCWD, $0, following ? 1 : 0, &status) } }
        return FileStatus(status)
    }

    package static func of(_ file: borrowing OwnedDescriptor) throws(Errno) -> FileStatus {
        var status = statx()
        try file.withRaw { raw throws(Errno) in _ = try shim { clinux_statx(raw, "", 1, &status) } }
        return FileStatus(status)
    }

    /// The names of its extended attributes; none where the file system has none.
    package static func attributeNames(of file: borrowing OwnedDescriptor) throws(Errno) -> [String] {
        var names = [CChar](repeating: 0, count: 1 << 16)
        let count = file.withRaw { clinux_list_attributes($0, &names, names.count) }
        if count < 0, CInt(-count) != ENOTSUP { throw Errno(rawValue: CInt(-count)) }
        return names.prefix(max(0, count)).split(separator: 0).map { name in
            String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    package static func exists(_ path: FilePath) -> Bool { (try? of(path)) != nil }
    package static func isDirectory(_ path: FilePath) -> Bool { (try? of(path))?.kind == .directory }

    /// Whether this process may write to it, or into it.
    package static func isWritable(_ path: FilePath) -> Bool { path.withPlatformString { access($0, W_OK) } == 0 }

    /// What a symlink says, nil for anything else.
    package static func symlinkContent(_ path: FilePath) -> FilePath? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = path.withPlatformString { name in
            buffer.withUnsafeMutableBytes { bytes in
                bytes.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { readlink(name, $0, bytes.count) } ?? -1 }
            }
        }
        return length < 0 ? nil : FilePath(String(decoding: buffer.prefix(length), as: UTF8.self))
    }

    private init(_ status: statx) {
        kind =
            switch mode_t(status.stx_mode) & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symlink
            case S_IFBLK: .blockDevice
            case S_IFCHR: .characterDevice
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            default: .other
            }
        permissions = FilePermissions(rawValue: CModeT(status.stx_mode & 0o7777))
        user = status.stx_uid
        group = status.stx_gid
        size = Int64(clamping: status.stx_size)
        allocatedBytes = Int64(clamping: status.stx_blocks) * 512
        inode = status.stx_ino
        device = UInt64(status.stx_dev_major) << 32 | UInt64(status.stx_dev_minor)
        deviceNumber = UInt64(status.stx_rdev_major) << 32 | UInt64(status.stx_rdev_minor)
        links = status.stx_nlink
        modified = status.stx_mtime.tv_sec &* 1_000_000_000 &+ Int64(status.stx_mtime.tv_nsec)
        accessed = status.stx_atime.tv_sec &* 1_000_000_000 &+ Int64(status.stx_atime.tv_nsec)
    }
}
