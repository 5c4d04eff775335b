package import FunctionModel
internal import FunctionStore
internal import Sandboxes

/// Tags belong to a function, not to its versions. The tag `thaw:isolation` says how its sandboxes are kept apart, and
/// `thaw:network` where they may send to. Only the first is content of a version: a snapshot can be thawed into any network.
extension FunctionWorker {
    package func tagFunction(_ name: String, tags: [String: String]) async throws(LambdaError) {
        try FunctionValidation.checkTags(tags, by: abilities)
        try parts.networks.check(FunctionTags.network(tags))
        try await changeTags(of: name) { $0.merging(tags) { $1 } }
    }

    package func untagFunction(_ name: String, keys: [String]) async throws(LambdaError) {
        try FunctionValidation.checkTagKeys(keys)
        try await changeTags(of: name) { $0.filter { !keys.contains($0.key) } }
    }

    private func changeTags(
        of name: String, _ change: @escaping @Sendable ([String: String]) -> [String: String]
    ) async throws(LambdaError) {
        try await catalog.changing(name) { () throws(LambdaError) in
            let latest = try await self.catalog.latest(name)
            let present = try await self.catalog.calling { (store) throws(FunctionStoreError) in
                try await store.tags(name)
            }
            let next = change(present)
            try FunctionValidation.checkCount(of: next)
            guard next != present,
                let retagged = latest.retagged(changingContent: self.level(next) != self.level(present))
            else { return }
            defer { self.catalog.forget { $0 == VersionKey(name, .latest) } }
            try await self.catalog.calling { (store) throws(FunctionStoreError) in
                try await store.setTags(next, latest: retagged, expectedRevision: latest.revisionID)
            }
            // Whoever is at it works for the content as it was, and leaves this one alone.
            if retagged.isUnfinished { self.finishInBackground(VersionKey(retagged)) }
        }
    }

    private func level(_ tags: [String: String]) -> IsolationLevel {
        FunctionTags.isolation(tags).level(default: parts.engine.isolation)
    }
}
