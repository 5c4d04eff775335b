import Glibc
package import SystemPackage

/// How full a file system is.
package enum FileSystemUse {
    /// What is used of the one at `path`, in bytes; nil when that is not there.
    package static func bytes(at path: FilePath) -> UInt64? {
        var status = statvfs()
        guard path.withPlatformString({ statvfs($0, &status) }) == 0 else { return nil }
        return (UInt64(status.f_blocks) &- UInt64(status.f_bfree)) &* UInt64(status.f_frsize)
    }
}
