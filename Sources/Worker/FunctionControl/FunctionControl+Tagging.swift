package import FunctionModel
internal import Sandboxes

/// Tags belong to a function, not to its versions. The tag `thaw:isolation` says how its sandboxes are kept apart, and
/// `thaw:network` where they may send to. Only the first is content of a version: a snapshot can be thawed into any network.
extension FunctionControl {
    package func tagFunction(_ name: String, tags: [String: String]) async throws(LambdaError) {
        try FunctionValidation.checkTags(tags, by: abilities)
        try networks.check(FunctionTags.network(tags))
        try await changeTags(of: name) { $0.merging(tags) { $1 } }
    }

    package func untagFunction(_ name: String, keys: [String]) async throws(LambdaError) {
        try FunctionValidation.checkTagKeys(keys)
        try await changeTags(of: name) { $0.filter { !keys.contains($0.key) } }
    }

    private func changeTags(
        of name: String, _ change: @escaping @Sendable ([String: String]) -> [String: String]
    ) async throws(LambdaError) {
        try await functions.changing(name) { () throws(LambdaError) in
            let latest = try await functions.latest(name)
            let present = try await functions.tags(of: name)
            let next = change(present)
            try FunctionValidation.checkCount(of: next)
            guard next != present,
                let retagged = latest.retagged(changingContent: level(next) != level(present))
            else { return }
            try await functions.setTags(next, retagged, from: latest)
            // Whoever is at it works for the content as it was, and leaves this one alone.
            if retagged.isUnfinished { publishing.finishInBackground(VersionKey(retagged)) }
        }
    }

    private func level(_ tags: [String: String]) -> IsolationLevel {
        FunctionTags.isolation(tags).level(default: defaultLevel)
    }
}
