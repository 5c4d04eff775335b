internal import LinuxKit
package import SystemPackage

/// Snapshots on the local file system: `<directory>/<id>/{manifest.json, files the engine wrote}`.
///
/// One server owns the directory. A snapshot appears whole, by a rename after everything in it is on disk, or not at all;
/// what is half-written or half-removed stands in `<directory>/.staging`.
package struct SnapshotStore: SnapshotRepository {
    package let directory: FilePath
    private let holds: SnapshotHolds
    private var stagingDirectory: FilePath { Self.stagingDirectory(in: directory) }

    /// Opens the store, and makes `directory` when it is not there.
    ///
    /// Only root may look inside: memory files hold the functions' secrets.
    /// - Parameter failed: hears of files that could not be removed after the last lease; the next start finds them again.
    package init(
        directory: FilePath, failed: @escaping @Sendable (SnapshotID, SnapshotError) -> Void = { _, _ in }
    ) throws(SnapshotError) {
        self.directory = directory
        holds = SnapshotHolds(
            remove: { (id) throws(SnapshotError) in try await Self.removeFiles(of: id, in: directory) }, failed: failed)
        try StoreFiles.makeDirectories(stagingDirectory, permissions: .ownerReadWriteExecute)
    }

    /// On the file system where it will stay.
    package func stage() throws(SnapshotError) -> SnapshotStaging {
        let id = SnapshotID.random()
        let staging = SnapshotStaging(id: id, directory: stagingDirectory.appending(id.description))
        try StoreFiles.perform("make directory", staging.directory) { () throws(Errno) in
            try Directory.create(staging.directory)
        }
        return staging
    }

    package func commit(
        _ staging: SnapshotStaging, describing snapshot: SnapshotDescription
    ) async throws(SnapshotError) -> SnapshotLease {
        do throws(SnapshotError) {
            let files = try await SnapshotFiles.measureAndSync(staging)
            let manifest = SnapshotManifest(
                formatVersion: SnapshotManifest.formatVersion, id: staging.id, snapshot: snapshot, files: files)
            let target = path(of: staging.id)
            try await BlockingThread.run { [directory] () throws(SnapshotError) in
                try SnapshotFiles.write(manifest, into: staging)
                try StoreFiles.rename(staging.directory, to: target)
                do throws(SnapshotError) {
                    try StoreFiles.sync(directory)
                } catch {
                    try? StoreFiles.removeTree(target)
                    throw error
                }
            }
            guard let hold = holds.hold(staging.id) else { throw .missing(staging.id) }
            return SnapshotLease(manifest, in: target, hold: hold)
        } catch {
            await BlockingThread.run { staging.discard() }
            throw error
        }
    }

    /// Reads all data of the snapshot.
    package func resolve(_ id: SnapshotID) async throws(SnapshotError) -> SnapshotLease {
        guard let hold = holds.hold(id) else { throw .missing(id) }
        let manifest = try await manifest(of: id)
        try await SnapshotFiles.verify(manifest, in: path(of: id))
        return SnapshotLease(manifest, in: path(of: id), hold: hold)
    }

    package func manifest(of id: SnapshotID) async throws(SnapshotError) -> SnapshotManifest {
        let directory = path(of: id)
        return try await BlockingThread.run { () throws(SnapshotError) in
            try SnapshotFiles.readManifest(of: id, in: directory)
        }
    }

    /// Clones that hold its files open go on.
    package func remove(_ id: SnapshotID) async throws(SnapshotError) { try await holds.leave(id) }

    private static func removeFiles(of id: SnapshotID, in directory: FilePath) async throws(SnapshotError) {
        let source = directory.appending(id.description)
        let grave = stagingDirectory(in: directory).appending("removed-\(SnapshotID.random())")
        try await BlockingThread.run { () throws(SnapshotError) in
            // By rename first: a crash in the middle must not leave half a snapshot under its name.
            do throws(SnapshotError) {
                try StoreFiles.rename(source, to: grave)
            } catch .system(_, _, .noSuchFileOrDirectory) {
                return
            }
            try StoreFiles.sync(directory)
            try StoreFiles.removeTree(grave)
        }
    }

    package func list() throws(SnapshotError) -> [SnapshotID] {
        try StoreFiles.names(in: directory).compactMap(SnapshotID.init).filter { !holds.isLeaving($0) }
    }

    /// What the snapshots in `directory` say of themselves, for whoever does not own the store; nothing is made or checked. Blocks.
    ///
    /// Without those whose manifest cannot be used: their versions are initialised again, on images that are current then.
    package static func survey(_ directory: FilePath) throws(SnapshotError) -> [SnapshotManifest] {
        guard FileStatus.exists(directory) else { return [] }
        var manifests: [SnapshotManifest] = []
        for id in try StoreFiles.names(in: directory).compactMap(SnapshotID.init) {
            do {
                let place = directory.appending(id.description)
                manifests.append(try SnapshotFiles.readManifest(of: id, in: place))
            } catch .missing, .corrupt, .foreign {
            }
        }
        return manifests
    }

    package func sweep() async throws(SnapshotError) {
        let staging = stagingDirectory
        try await BlockingThread.run { () throws(SnapshotError) in
            for name in try StoreFiles.names(in: staging) { try StoreFiles.removeTree(staging.appending(name)) }
        }
    }

    private static func stagingDirectory(in directory: FilePath) -> FilePath { directory.appending(".staging") }

    private func path(of id: SnapshotID) -> FilePath { directory.appending(id.description) }
}
