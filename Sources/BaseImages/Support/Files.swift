internal import Basics
import Crypto
import Glibc
internal import LinuxKit
package import SystemPackage

/// Regular files: reading, writing, digests.
package enum Files {
    package static func read(_ path: FilePath, limit: Int = 1 << 28) throws(ImageError) -> [UInt8] {
        try attempt("read", path) { () throws(Errno) in
            try OwnedDescriptor.open(path, .readOnly).readAll(limit: limit)
        }
    }

    /// Makes `path`, which must not exist, and makes its bytes survive a crash.
    package static func write(_ bytes: [UInt8], to path: FilePath, mode: FilePermissions = .image) throws(ImageError) {
        try attempt("write", path) { () throws(Errno) in
            let file = try create(path, mode: mode)
            try file.writeAll(bytes)
            try file.sync()
        }
    }

    package static func write(_ text: String, to path: FilePath, mode: FilePermissions = .image) throws(ImageError) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    /// A new file of exactly this mode, whatever the umask. Fails on a name that is taken, a symbolic link included.
    static func create(_ path: FilePath, mode: FilePermissions) throws(Errno) -> OwnedDescriptor {
        let file = try OwnedDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate, .noFollow], permissions: [.ownerReadWrite])
        try file.setPermissions(mode)
        return file
    }

    static func synchronize(_ path: FilePath) throws(ImageError) {
        try attempt("fsync", path) { () throws(Errno) in try DurableFile.sync(path) }
    }

    static func rename(_ old: FilePath, to new: FilePath) throws(ImageError) {
        try attempt("rename \(old) to", new) { () throws(Errno) in try DurableFile.rename(old, to: new) }
    }

    /// A second name for the same file, in the same file system.
    static func link(_ old: FilePath, as new: FilePath) throws(ImageError) {
        try attempt("link \(old) as", new) { () throws(Errno) in
            try syscall { old.withPlatformString { old in new.withPlatformString { Glibc.link(old, $0) } } }
        }
    }

    package static func symbolicLink(_ path: FilePath, to target: String) throws(ImageError) {
        try attempt("make symbolic link", path) { () throws(Errno) in
            try syscall { path.withPlatformString { symlink(target, $0) } }
        }
    }

    package static func remove(_ path: FilePath) throws(ImageError) {
        guard FileInfo(path) != nil else { return }
        try attempt("remove", path) { () throws(Errno) in try DurableFile.remove(path) }
    }

    static func dropPrivilegeBits(_ path: FilePath) throws(ImageError) {
        guard let mode = FileInfo(path)?.permissions.rawValue, mode & 0o6000 != 0 else { return }
        try attempt("chmod", path) { () throws(Errno) in
            try syscall { path.withPlatformString { chmod($0, mode & 0o1777) } }
        }
    }

    /// SHA-256 of the content, in hex.
    package static func digest(of path: FilePath) throws(ImageError) -> String {
        try attempt("read", path) { () throws(Errno) in
            let file = try OwnedDescriptor.open(path, .readOnly)
            var hash = SHA256()
            while true {
                let piece = try file.read(upTo: 1 << 20)
                if piece.isEmpty { return hash.finalize().hexadecimal }
                hash.update(data: piece)
            }
        }
    }
}

extension FilePermissions {
    /// 0644: what every file in an image has,
    package static let image = FilePermissions(rawValue: 0o644)
    /// or 0755.
    package static let imageExecutable = FilePermissions(rawValue: 0o755)
}

extension Digest {
    var hexadecimal: String {
        Hexadecimal.text(self)
    }
}
