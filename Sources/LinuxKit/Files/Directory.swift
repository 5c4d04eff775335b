import Glibc
package import SystemPackage

/// Directories and their entries.
package enum Directory {
    /// mkdir(2), mode 0755 unless given.
    package static func create(
        _ path: FilePath, permissions: FilePermissions = FilePermissions(rawValue: 0o755), existingIsFine: Bool = false
    ) throws(Errno) {
        do {
            try syscall { path.withPlatformString { mkdir($0, mode_t(permissions.rawValue)) } }
        } catch .fileExists where existingIsFine {
        }
    }

    /// rmdir(2): it must be empty.
    package static func remove(_ path: FilePath) throws(Errno) {
        try syscall { path.withPlatformString { rmdir($0) } }
    }

    /// Removes a directory with everything below it, or a file. Does not follow symlinks. One that is gone is fine.
    ///
    /// `.resourceBusy` when something below is a mount point; what came before that is removed.
    package static func removeTree(_ path: FilePath) throws(Errno) {
        do {
            try syscall { path.withPlatformString { unlink($0) } }
        } catch .noSuchFileOrDirectory {
        } catch .isDirectory {
            for entry in try entries(path) { try removeTree(path.appending(entry)) }
            try remove(path)
        }
    }

    /// The names in it, sorted, without "." and "..". Names that are not UTF-8 have the bad bytes replaced.
    package static func entries(_ path: FilePath) throws(Errno) -> [String] {
        guard let stream = path.withPlatformString({ opendir($0) }) else { throw Errno(rawValue: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw Errno(rawValue: errno) }
                return names.sorted()
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }
}
