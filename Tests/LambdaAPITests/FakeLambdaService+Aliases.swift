import FunctionModel
import Worker

/// Aliases are kept as they are asked for, whatever they lead to.
extension FakeLambdaService: AliasKeeping {
    func createAlias(_ request: CreateAliasRequest) async throws(LambdaError) -> FunctionAlias {
        try await perform { state throws(LambdaError) in
            let arn = AccountScope().arn(name: request.functionName)
            let version = try AliasValidation.version(request.members.functionVersion ?? "", of: arn)
            let alias = FunctionAlias(
                functionName: request.functionName, name: request.name, version: version,
                description: request.members.description ?? "",
                shift: try AliasValidation.shift(request.members.weights ?? [:], beside: version, of: arn),
                revisionID: "rev-1")
            state.aliases.append(alias)
            return alias
        }
    }

    func alias(_ name: String, of function: String) async throws(LambdaError) -> FunctionAlias {
        try await perform { state throws(LambdaError) in
            guard let found = state.aliases.first(where: { $0.name == name && $0.functionName == function }) else {
                throw .aliasNotFound(AccountScope().arn(name: function, qualifier: name))
            }
            return found
        }
    }

    func aliases(
        of function: String, version: FunctionVersion?, page: PageRequest
    ) async throws(LambdaError) -> Page<FunctionAlias> {
        try await perform { state throws(LambdaError) in
            state.page = page
            return Page(
                items: state.aliases.filter { version == nil || $0.version == version }, nextMarker: state.nextMarker)
        }
    }

    func updateAlias(
        _ name: String, of function: String, _ members: AliasMembers
    ) async throws(LambdaError) -> FunctionAlias {
        var alias = try await alias(name, of: function)
        alias.description = members.description ?? alias.description
        if members.weights?.isEmpty == true { alias.shift = nil }
        alias.revisionID = "rev-2"
        return alias
    }

    func deleteAlias(_ name: String, of function: String) async throws(LambdaError) {
        try await perform { state throws(LambdaError) in state.aliases.removeAll { $0.name == name } }
    }
}
