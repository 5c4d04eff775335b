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
            let code = try await codeOfVersions(name)
            let removed = try await functions.delete(name, reference.qualifier == nil ? nil : reference.version)
            await pruning.prune(removed, of: name, code: code)
        }
    }

    private func codeOfVersions(_ name: String) async throws(LambdaError) -> [CodeReference] {
        var code: [CodeReference] = []
        var page = ListPage()
        while true {
            let listed = try await functions.versions(of: name, page: page)
            for item in listed.items where !code.contains(item.code) { code.append(item.code) }
            guard let marker = listed.nextMarker else { return code }
            page.marker = marker
        }
    }
}
