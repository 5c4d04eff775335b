internal import LinuxKit
package import SystemPackage

/// Snapshots on the local file system: `<directory>/<id>/{manifest.json, files the engine wrote}`.
///
/// One server owns the directory. A snapshot appears whole, by a rename after everything in it is on disk, or not at all;
/// what is half-written or half-removed stands in `<directory>/.staging`.
package struct SnapshotStore: Sendable {
    package let directory: FilePath
    private var stagingDirectory: FilePath { directory.appending(".staging") }

    /// Opens the store, and makes `directory` when it is not there.
    ///
    /// Only root may look inside: memory files hold the functions' secrets.
    package init(directory: FilePath) throws(SnapshotError) {
        self.directory = directory
        try StoreFiles.makeDirectories(stagingDirectory, permissions: .ownerReadWriteExecute)
    }

    /// Makes an empty directory for a snapshot to be written into, on the file system where it will stay.
    package func stage() throws(SnapshotError) -> SnapshotStaging {
        let id = SnapshotID.random()
        let staging = SnapshotStaging(id: id, directory: stagingDirectory.appending(id.description))
        try StoreFiles.perform("make directory", staging.directory) { () throws(Errno) in
            try Directory.create(staging.directory)
        }
        return staging
    }

    /// Makes everything in `staging` durable and gives it its place in the store.
    ///
    /// Afterwards the staging directory is gone, also when this throws.
    package func commit(
        _ staging: SnapshotStaging, describing snapshot: SnapshotDescription
    ) async throws(SnapshotError) -> StoredSnapshot {
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
            return StoredSnapshot(id: staging.id, directory: target, manifest: manifest)
        } catch {
            await BlockingThread.run { staging.discard() }
            throw error
        }
    }

    /// Checks the manifest and every file's size and digest, which reads all their data: open once, then keep the result.
    package func open(_ id: SnapshotID) async throws(SnapshotError) -> StoredSnapshot {
        let snapshot = try await look(at: id)
        try await SnapshotFiles.verify(snapshot.manifest, in: snapshot.directory)
        return snapshot
    }

    /// Checks the manifest alone. To thaw a snapshot, open it.
    package func look(at id: SnapshotID) async throws(SnapshotError) -> StoredSnapshot {
        let directory = path(of: id)
        let manifest = try await BlockingThread.run { () throws(SnapshotError) in
            try SnapshotFiles.readManifest(of: id, in: directory)
        }
        return StoredSnapshot(id: id, directory: directory, manifest: manifest)
    }

    /// Removes a snapshot; one that is not there is removed already. Clones that hold its files open go on.
    package func remove(_ id: SnapshotID) async throws(SnapshotError) {
        let (directory, source) = (directory, path(of: id))
        let grave = stagingDirectory.appending("removed-\(SnapshotID.random())")
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

    /// The snapshots that have been committed, whole or damaged since; in no order.
    package func list() throws(SnapshotError) -> [SnapshotID] {
        try StoreFiles.names(in: directory).compactMap(SnapshotID.init)
    }

    /// What the snapshots in `directory` say of themselves, for whoever does not own the store; nothing is made or checked. Blocks.
    ///
    /// Without those whose manifest cannot be used: their versions are initialised again, on images that are current then.
    package static func survey(_ directory: FilePath) throws(SnapshotError) -> [SnapshotManifest] {
        guard FileStatus.exists(directory) else { return [] }
        var manifests: [SnapshotManifest] = []
        for id in try StoreFiles.names(in: directory).compactMap(SnapshotID.init) {
            do throws(SnapshotError) {
                let place = directory.appending(id.description)
                manifests.append(try SnapshotFiles.readManifest(of: id, in: place))
            } catch .missing, .corrupt, .foreign {
            }
        }
        return manifests
    }

    /// Removes what a server that died left half-written or half-removed. Called once at start, before anything else.
    package func sweep() async throws(SnapshotError) {
        let staging = stagingDirectory
        try await BlockingThread.run { () throws(SnapshotError) in
            for name in try StoreFiles.names(in: staging) { try StoreFiles.removeTree(staging.appending(name)) }
        }
    }

    private func path(of id: SnapshotID) -> FilePath { directory.appending(id.description) }
}
