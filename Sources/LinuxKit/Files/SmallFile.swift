internal import Basics
import Glibc
package import SystemPackage

/// Whole small files, those of /proc and /sys included.
package enum SmallFile {
    /// The bytes; `.fileTooLarge` beyond `limit`. Does not trust the size the file claims: /proc claims 0.
    package static func bytes(_ path: FilePath, limit: Int = 1 << 20) throws(Errno) -> [UInt8] {
        try OwnedDescriptor.open(path, .readOnly).readAll(limit: limit)
    }

    /// As UTF-8, with what is not UTF-8 replaced.
    package static func text(_ path: FilePath, limit: Int = 1 << 20) throws(Errno) -> String {
        String(decoding: try bytes(path, limit: limit), as: UTF8.self)
    }

    /// Writes to a file that exists, in one write(2), as files of /proc and /sys want it.
    package static func set(_ path: FilePath, to value: String) throws(Errno) {
        let file = try OwnedDescriptor.open(path, .writeOnly)
        guard try file.write(value.utf8) == value.utf8.count else { throw .ioError }
    }

    static func cgroup(_ path: FilePath) throws(CgroupError) -> String {
        return try rethrowing(try text(path)) {
            CgroupError(code: .refused, path: path, errno: $0, message: "cannot read \(path)")
        }
    }

    static func setCgroup(_ path: FilePath, to value: String) throws(CgroupError) {
        try rethrowing(try set(path, to: value)) {
            CgroupError(
                code: .refused, path: path, errno: $0, message: "cannot write \"\(value)\" to \(path)")
        }
    }
}
