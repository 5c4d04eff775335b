package import FunctionModel
internal import FunctionStore

extension FunctionControl {
    /// Removes a function, or one of its versions, with its sandboxes, snapshots and code. Invocations under way end.
    package func deleteFunction(_ reference: FunctionReference) async throws(LambdaError) {
        try reference.checkReachable(from: functions.account)
        if reference.namesAlias { throw .aliasCannotBeDeleted }
        if reference.qualifier == "$LATEST" { throw .latestCannotBeDeleted }
        let name = reference.name
        try await functions.changing(name) { () throws(LambdaError) in
            _ = try await functions.latest(name)
            if reference.qualifier != nil, let version = reference.version {
                let aliases = try await functions.aliasNames(of: name, leadingTo: version)
                guard aliases.isEmpty else { throw .versionHasAliases(aliases) }
            }
            let versions = try await allVersions(name)
            let removed = try await functions.delete(name, reference.qualifier == nil ? nil : reference.version)
            await pruning.prune(removed, of: name, versions: versions)
        }
    }

    private func allVersions(_ name: String) async throws(LambdaError) -> [FunctionConfiguration] {
        var versions: [FunctionConfiguration] = []
        var page = ListPage()
        while true {
            let listed = try await functions.versions(of: name, page: page)
            versions += listed.items
            guard let marker = listed.nextMarker else { return versions }
            page.marker = marker
        }
    }
}
