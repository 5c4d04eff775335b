internal import LinuxKit
internal import SystemPackage

/// Writes and reads the files of one snapshot.
enum SnapshotFiles {
    /// Digests the staged files while the kernel writes them out; returns when they are on disk.
    static func measureAndSync(_ staging: SnapshotStaging) async throws(SnapshotError) -> [FileRecord] {
        let (names, files) = try await BlockingThread.run { () throws(SnapshotError) in try open(staging) }
        async let syncs = sync(files)
        let digests = await SparseDigest.hexDigests(of: files)
        var records: [FileRecord] = []
        for ((name, file), (digest, synced)) in zip(zip(names, files), zip(digests, await syncs)) {
            let path = staging.path(name)
            try StoreFiles.perform("write", path) { () throws(Errno) in try synced.get() }
            let digest = try StoreFiles.perform("read", path) { () throws(Errno) in try digest.get() }
            records.append(FileRecord(name: name, size: file.size, digest: digest))
        }
        return records
    }

    private static func open(_ staging: SnapshotStaging) throws(SnapshotError) -> ([String], [SparseDigest.File]) {
        let names = try StoreFiles.names(in: staging.directory).sorted()
        guard !names.isEmpty else { throw .unfit(staging.id, reason: "nothing was written into it") }
        let folder = try openFolder(of: staging.id, staging.directory)
        var files: [SparseDigest.File] = []
        for name in names {
            guard FileRecord.isValid(name: name) else {
                throw .unfit(staging.id, reason: "\(name) is no name for a file of a snapshot")
            }
            switch try probe(name, in: folder, at: staging.directory) {
            case .unusable(let reason): throw .unfit(staging.id, reason: "\(name) \(reason)")
            case .file(let descriptor, let size): files.append(try digestible(descriptor, size, staging.path(name)))
            }
        }
        return (names, files)
    }

    private static func sync(_ files: [SparseDigest.File]) async -> [Result<Void, Errno>] {
        await withTaskGroup(of: (Int, Result<Void, Errno>).self) { group in
            for (index, file) in files.enumerated() {
                group.addTask {
                    let outcome = await BlockingThread.run {
                        Result { () throws(Errno) in try file.descriptor.descriptor.sync() }
                    }
                    return (index, outcome)
                }
            }
            return await group.reduce(into: files.map { _ in .success(()) }) { $0[$1.0] = $1.1 }
        }
    }

    /// Writes the manifest, the last file of a snapshot; the directory is durable then.
    static func write(_ manifest: SnapshotManifest, into staging: SnapshotStaging) throws(SnapshotError) {
        let path = staging.path(SnapshotManifest.fileName)
        guard let bytes = try? manifest.encoded() else {
            throw .unfit(staging.id, reason: "its description cannot be written as JSON")
        }
        guard bytes.count <= SnapshotManifest.maximumLength else {
            throw .unfit(staging.id, reason: "its description takes \(bytes.count) bytes")
        }
        try StoreFiles.perform("write", path) { () throws(Errno) in try DurableFile.write(bytes, to: path) }
    }

    static func readManifest(of id: SnapshotID, in directory: FilePath) throws(SnapshotError) -> SnapshotManifest {
        let name = SnapshotManifest.fileName
        switch try probe(name, in: try openFolder(of: id, directory), at: directory) {
        case .unusable(let reason): throw .corrupt(id, file: name, reason: reason)
        case .file(let descriptor, let size):
            guard size <= SnapshotManifest.maximumLength else {
                throw .corrupt(id, file: name, reason: "has \(size) bytes")
            }
            let bytes = try StoreFiles.perform("read", directory.appending(name)) { () throws(Errno) in
                try descriptor.readAll(limit: SnapshotManifest.maximumLength)
            }
            return try SnapshotManifest(validating: bytes, of: id)
        }
    }

    /// Refuses a snapshot with a file that is not what the manifest says; sizes first, because they cost nothing.
    static func verify(_ manifest: SnapshotManifest, in directory: FilePath) async throws(SnapshotError) {
        let id = manifest.id
        let files = try await BlockingThread.run { () throws(SnapshotError) in
            let folder = try openFolder(of: id, directory)
            var files: [SparseDigest.File] = []
            for record in manifest.files { files.append(try open(record, in: folder, at: directory, of: id)) }
            return files
        }
        for (record, digest) in zip(manifest.files, await SparseDigest.hexDigests(of: files)) {
            switch digest {
            case .success(record.digest): continue
            case .success: throw .corrupt(id, file: record.name, reason: "does not have the content it was stored with")
            case .failure(let code): throw .corrupt(id, file: record.name, reason: "cannot be read: \(code)")
            }
        }
    }

    private static func open(
        _ record: FileRecord, in folder: borrowing OwnedDescriptor, at directory: FilePath, of id: SnapshotID
    ) throws(SnapshotError) -> SparseDigest.File {
        switch try probe(record.name, in: folder, at: directory) {
        case .unusable(let reason): throw .corrupt(id, file: record.name, reason: reason)
        case .file(let descriptor, let size):
            guard size == record.size else {
                throw .corrupt(id, file: record.name, reason: "has \(size) bytes instead of \(record.size)")
            }
            return try digestible(descriptor, size, directory.appending(record.name))
        }
    }

    private static func digestible(
        _ descriptor: consuming OwnedDescriptor, _ size: Int64, _ path: FilePath
    ) throws(SnapshotError) -> SparseDigest.File {
        let shared = descriptor.shared()
        return try StoreFiles.perform("read", path) { () throws(Errno) in
            try SparseDigest.File(shared, size: size)
        }
    }

    private static func openFolder(of id: SnapshotID, _ path: FilePath) throws(SnapshotError) -> OwnedDescriptor {
        do {
            return try StoreFiles.perform("open", path) { () throws(Errno) in
                try OwnedDescriptor.open(path, .readOnly, options: [.directory, .noFollow])
            }
        } catch .system(_, _, .noSuchFileOrDirectory) {
            throw .missing(id)
        }
    }

    private enum Probe: ~Copyable {
        case file(OwnedDescriptor, size: Int64)
        case unusable(String)
    }

    /// Opens a regular file that stands in `folder` itself; whatever else bears the name is not followed and not waited for.
    private static func probe(
        _ name: String, in folder: borrowing OwnedDescriptor, at directory: FilePath
    ) throws(SnapshotError) -> Probe {
        try StoreFiles.perform("open", directory.appending(name)) { () throws(Errno) in
            let descriptor: OwnedDescriptor
            do throws(Errno) {
                descriptor = try folder.open(at: FilePath(name), .readOnly, options: [.noFollow, .nonBlocking])
            } catch .noSuchFileOrDirectory {
                return .unusable("is missing")
            } catch .tooManySymbolicLinkLevels, .noSuchAddressOrDevice {
                return .unusable("is not a regular file")
            }
            let status = try FileStatus.of(descriptor)
            guard status.kind == .regular else { return .unusable("is not a regular file") }
            guard status.size <= SparseDigest.maximumSize else { return .unusable("has \(status.size) bytes") }
            return .file(descriptor, size: status.size)
        }
    }
}
