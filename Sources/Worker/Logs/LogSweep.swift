internal import LinuxKit
internal import SystemPackage

/// Where a stream's files are.
struct LogPaths {
    let directory: FilePath

    /// The first file of a stream.
    func path(_ file: LogFile) -> FilePath {
        directory.appending(file.function).appending(
            file.stream.split(separator: "/").compactMap { FilePath.Component(String($0)) })
    }

    /// The files of a stream are called like it; all but the first end in a point and a number.
    static func continuation(_ number: Int, of path: FilePath) -> FilePath {
        number == 0 ? path : FilePath("\(path).\(number)")
    }
}

/// Finds the log files that are too old or too many. Blocks.
struct LogSweep {
    private struct File {
        let path: FilePath
        /// Nanoseconds since 1970.
        let modified: Int64
        let bytes: Int64
    }

    /// What a file counts for at least, so that a great many small ones are bounded too.
    static let leastBytes: Int64 = 16 << 10
    /// year/month/day below the function.
    private static let depth = 4
    /// An empty directory may be about to be written to.
    private static let quiet: Int64 = 2 * 86_400 * 1_000_000_000

    let directory: FilePath
    let limits: LogLimits
    let now: UInt64

    /// Of all functions: what is older than may be, beyond the limit of its function, or of all.
    ///
    /// - Parameter existing: the functions that have not been deleted; nil when the caller does not know.
    func everything(keeping existing: Set<String>?) -> [FilePath] {
        var (doomed, kept) = ([FilePath](), [File]())
        for function in entries(directory) {
            let isDeleted = existing.map { !$0.contains(function) } ?? false
            let age = isDeleted ? min(limits.age, limits.ageOfDeleted) : limits.age
            let oldest = Int64(clamping: now) - Int64(clamping: age.components.seconds).multipliedOrMax(1_000_000_000)
            var files: [File] = []
            for file in self.files(of: function) {
                if file.modified < oldest { doomed.append(file.path) } else { files.append(file) }
            }
            let (excess, rest) = split(files, limits.bytesOfFunction)
            doomed += excess.map(\.path)
            kept += rest
        }
        return doomed + split(kept, limits.bytes).excess.map(\.path)
    }

    /// Of one function: what is beyond its limit.
    func excess(of function: String) -> [FilePath] {
        split(files(of: function), limits.bytesOfFunction).excess.map(\.path)
    }

    /// The oldest files, without which the others are within `limit`.
    private func split(_ files: [File], _ limit: Int64) -> (excess: [File], rest: [File]) {
        var total = files.reduce(0) { $0 + $1.bytes }
        guard total > limit else { return ([], files) }
        let oldestFirst = files.sorted { $0.modified < $1.modified }
        var count = 0
        while total > limit, count < oldestFirst.count {
            total -= oldestFirst[count].bytes
            count += 1
        }
        return (Array(oldestFirst[..<count]), Array(oldestFirst[count...]))
    }

    private func files(of function: String) -> [File] {
        var files: [File] = []
        collect(directory.appending(function), depth: Self.depth, &files)
        return files
    }

    /// Files that are not named like ours are left alone. Removes directories that have long been empty.
    private func collect(_ path: FilePath, depth: Int, _ files: inout [File]) {
        let before = try? FileStatus.of(path, following: false)
        for name in entries(path) {
            let path = path.appending(name)
            guard let status = try? FileStatus.of(path, following: false) else { continue }
            switch status.kind {
            case .directory where depth > 0: collect(path, depth: depth - 1, &files)
            case .regular where name.hasPrefix("["):
                files.append(
                    File(path: path, modified: status.modified, bytes: max(Self.leastBytes, status.size)))
            default: break
            }
        }
        // Does nothing to one that is not empty.
        if let before, before.kind == .directory, before.modified < Int64(clamping: now) - Self.quiet {
            try? Directory.remove(path)
        }
    }

    private func entries(_ path: FilePath) -> [String] { (try? Directory.entries(path)) ?? [] }
}

extension Int64 {
    fileprivate func multipliedOrMax(_ factor: Int64) -> Int64 {
        let (product, overflows) = multipliedReportingOverflow(by: factor)
        return overflows ? .max : product
    }
}
