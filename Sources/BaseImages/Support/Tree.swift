import Glibc
internal import LinuxKit
package import SystemPackage

/// Directories and what is below them.
package enum Tree {
    /// The names in `path`, sorted. Empty if it does not exist.
    package static func names(in path: FilePath) throws(ImageError) -> [String] {
        guard FileInfo(following: path) != nil else { return [] }
        return try attempt("list", path) { () throws(Errno) in try Directory.entries(path) }
    }

    /// Regular files below `path`, as paths relative to it, sorted by their bytes. Symbolic links are not followed.
    package static func files(below path: FilePath) throws(ImageError) -> [FilePath] {
        var found: [FilePath] = []
        var pending = [FilePath("")]
        while let relative = pending.popLast() {
            for name in try names(in: path.pushing(relative)) {
                let child = relative.appending(name)
                guard let info = FileInfo(path.pushing(child)) else { continue }
                if info.isDirectory { pending.append(child) }
                if info.isRegular { found.append(child) }
            }
        }
        return found.sorted { $0.string.utf8.lexicographicallyPrecedes($1.string.utf8) }
    }

    /// Makes `path` and what is missing above it, mode 0755.
    package static func make(_ path: FilePath) throws(ImageError) {
        if FileInfo(following: path)?.isDirectory == true { return }
        let parent = path.removingLastComponent()
        if !parent.isEmpty, parent != path { try make(parent) }
        try attempt("make directory", path) { () throws(Errno) in try Directory.create(path, existingIsFine: true) }
    }

    /// Removes `path` and everything below it; nothing there is no error. Symbolic links are removed, not followed.
    static func remove(_ path: FilePath) throws(ImageError) {
        try attempt("remove", path) { () throws(Errno) in try Directory.removeTree(path) }
    }

    /// Makes renames and new names in `path` survive a crash.
    static func synchronize(_ path: FilePath) throws(ImageError) {
        try attempt("fsync", path) { () throws(Errno) in try DurableFile.syncDirectory(path) }
    }

    /// Bytes an unprivileged writer could still put there.
    static func freeBytes(at path: FilePath) throws(ImageError) -> Int {
        var status = statvfs()
        try attempt("statvfs", path) { () throws(Errno) in
            try syscall { path.withPlatformString { statvfs($0, &status) } }
        }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int(clamping: bytes)
    }

    /// - Throws: ``ImageError/noSpace(_:neededBytes:freeBytes:)`` if fewer than `bytes` are free.
    static func requireSpace(_ bytes: Int, at path: FilePath) throws(ImageError) {
        let free = try freeBytes(at: path)
        guard free >= bytes else { throw .noSpace(path, neededBytes: bytes, freeBytes: free) }
    }
}

/// Gives a failed system call the name of what was being done, and of the full disk if that is why.
@discardableResult
func attempt<R: ~Copyable>(_ action: String, _ path: FilePath, _ body: () throws(Errno) -> R) throws(ImageError) -> R {
    do {
        return try body()
    } catch .noSpace {
        throw .noSpace(path, neededBytes: 0, freeBytes: (try? Tree.freeBytes(at: path.removingLastComponent())) ?? 0)
    } catch {
        throw .inputOutput(action, path, error)
    }
}
