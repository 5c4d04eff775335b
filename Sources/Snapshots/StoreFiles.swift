internal import Glibc
internal import LinuxKit
internal import SystemPackage

/// File operations whose failures are ``SnapshotError``s that say what was tried and where. All block.
enum StoreFiles {
    /// Makes `path` and the parents it lacks; one that is there is left as it is.
    static func makeDirectories(_ path: FilePath, permissions: FilePermissions) throws(SnapshotError) {
        var missing: [FilePath] = []
        var ancestor = path
        while !ancestor.isEmpty, !FileStatus.exists(ancestor) {
            missing.append(ancestor)
            ancestor.removeLastComponent()
        }
        for directory in missing.reversed() {
            try perform("make directory", directory) { () throws(Errno) in
                try Directory.create(directory, permissions: permissions, existingIsFine: true)
            }
        }
    }

    static func rename(_ source: FilePath, to target: FilePath) throws(SnapshotError) {
        try perform("move \(source) to", target) { () throws(Errno) in try DurableFile.rename(source, to: target) }
    }

    /// Makes the names in a directory durable.
    static func sync(_ directory: FilePath) throws(SnapshotError) {
        try perform("sync", directory) { () throws(Errno) in try DurableFile.syncDirectory(directory) }
    }

    static func names(in directory: FilePath) throws(SnapshotError) -> [String] {
        try perform("list", directory) { () throws(Errno) in try Directory.entries(directory) }
    }

    static func removeTree(_ path: FilePath) throws(SnapshotError) {
        try perform("remove", path) { () throws(Errno) in try Directory.removeTree(path) }
    }

    /// Runs `work` and turns its errno into an error that names `operation` and `path`.
    @discardableResult
    static func perform<R: ~Copyable>(
        _ operation: String, _ path: FilePath, _ work: () throws(Errno) -> R
    ) throws(SnapshotError) -> R {
        do {
            return try work()
        } catch .noSpace, .diskQuotaExceeded {
            throw .noSpace(path)
        } catch {
            throw .system(operation: operation, path: path, error)
        }
    }
}
