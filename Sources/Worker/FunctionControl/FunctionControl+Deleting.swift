internal import BaseImages
package import FunctionModel
internal import FunctionStore
internal import LinuxKit
internal import Logging
internal import Snapshots

extension FunctionWorker {
    /// Removes a function, or one of its versions, with its sandboxes, snapshots and code. Invocations under way end.
    package func deleteFunction(_ reference: FunctionReference) async throws(LambdaError) {
        try reference.checkReachable(from: configuration.account)
        if reference.namesAlias { throw .aliasCannotBeDeleted }
        if reference.qualifier == "$LATEST" { throw .latestCannotBeDeleted }
        let name = reference.name
        try await catalog.changing(name) { () throws(LambdaError) in
            _ = try await self.catalog.latest(name)
            let code = try await self.codeOfVersions(name)
            let removed = try await self.catalog.calling { (store) throws(FunctionStoreError) in
                guard let version = reference.version, reference.qualifier != nil else {
                    return try await store.delete(name: name)
                }
                return try await store.delete(name: name, version: version)
            }
            let gone = Set(removed.versions.map { VersionKey(name, $0) })
            self.catalog.forget { $0.functionName == name }
            self.pool.retire { gone.contains($0) }
            for key in gone {
                await self.ready.drop(key)
                await self.snapshots.forget(key)
            }
            for id in removed.snapshotIDs { await self.removeSnapshot(id) }
            self.removeUnusedCodeImages(code)
        }
    }

    /// Removes a snapshot's files; failing that, says so: the next start tries again.
    func removeSnapshot(_ text: String) async {
        guard let id = SnapshotID(text) else { return }
        do throws(SnapshotError) { try await snapshots.remove(id) } catch {
            logger.error("cannot remove a snapshot", metadata: ["snapshot": "\(id)", "error": "\(error)"])
        }
    }

    private func codeOfVersions(_ name: String) async throws(LambdaError) -> [CodeReference] {
        var code: [CodeReference] = []
        var page = ListPage()
        while true {
            let wanted = page
            let listed = try await catalog.calling { (store) throws(FunctionStoreError) in
                try await store.versions(of: name, page: wanted)
            }
            for item in listed.items where !code.contains(item.code) { code.append(item.code) }
            guard let marker = listed.nextMarker else { return code }
            page.marker = marker
        }
    }

    /// The store has removed the zips that no version refers to any more; their images go with them.
    private func removeUnusedCodeImages(_ code: [CodeReference]) {
        for reference in code {
            guard let digest = reference.hexadecimalDigest, let zip = try? catalog.codePath(reference),
                !FileStatus.exists(zip)
            else { continue }
            do throws(ImageError) { try parts.files.removeCodeImage(sha256: digest) } catch {
                logger.error("cannot remove a code image", metadata: ["code": "\(digest)", "error": "\(error)"])
            }
        }
    }
}
