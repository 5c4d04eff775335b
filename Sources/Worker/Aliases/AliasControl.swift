package import FunctionModel
internal import FunctionStore

/// Aliases: created, read, moved, deleted. What they lead to is looked up by ``FunctionCatalog``.
package struct AliasControl: AliasKeeping {
    let functions: FunctionCatalog

    package func createAlias(_ request: CreateAliasRequest) async throws(LambdaError) -> FunctionAlias {
        let (function, members) = (request.functionName, request.members)
        try AliasValidation.checkCreation(name: request.name, members)
        let arn = functions.account.arn(name: function)
        let version = try AliasValidation.version(members.functionVersion ?? "", of: arn)
        return try await functions.changing(function) { () throws(LambdaError) in
            guard try await functions.configuration(VersionKey(function, .latest)) != nil else {
                throw .functionNotFound(functions.account.arn(name: function, qualifier: version.qualifier))
            }
            let alias = FunctionAlias(
                functionName: function, name: request.name, version: version, description: members.description ?? "",
                shift: try AliasValidation.shift(members.weights ?? [:], beside: version, of: arn))
            try await checkVersions(of: alias)
            guard try await functions.storedAlias(alias.name, of: function) == nil else {
                throw .aliasAlreadyExists(functions.account.arn(name: function, qualifier: alias.name))
            }
            try await functions.createAlias(alias)
            return alias
        }
    }

    package func alias(_ name: String, of function: String) async throws(LambdaError) -> FunctionAlias {
        try AliasValidation.checkName(name)
        guard let alias = try await functions.storedAlias(name, of: function) else {
            throw .aliasNotFound(functions.account.arn(name: function, qualifier: name))
        }
        return alias
    }

    package func aliases(
        of function: String, version: FunctionVersion?, page: PageRequest
    ) async throws(LambdaError) -> Page<FunctionAlias> {
        _ = try await functions.latest(function)
        return try await functions.aliases(of: function, version: version, page: page.listPage())
    }

    package func updateAlias(
        _ name: String, of function: String, _ members: AliasMembers
    ) async throws(LambdaError) -> FunctionAlias {
        try AliasValidation.checkUpdate(name: name, members)
        let arn = functions.account.arn(name: function)
        return try await functions.changing(function) { () throws(LambdaError) in
            _ = try await functions.latest(function)
            guard let present = try await functions.storedAlias(name, of: function) else {
                throw .updatedAliasNotFound(functions.account.arn(name: function, qualifier: name))
            }
            if let given = members.revisionID, given != present.revisionID { throw .revisionMismatch }
            var next = present
            if let text = members.functionVersion { next.version = try AliasValidation.version(text, of: arn) }
            next.description = members.description ?? present.description
            // What is left of the weights must fit the version that the alias is moved to, too.
            let weights = members.weights ?? present.weights
            next.shift = try AliasValidation.shift(weights, beside: next.version, of: arn)
            next.revisionID = FunctionConfiguration.makeRevisionID()
            try await checkVersions(of: next)
            try await functions.updateAlias(next, from: present)
            return next
        }
    }

    package func deleteAlias(_ name: String, of function: String) async throws(LambdaError) {
        try AliasValidation.checkName(name)
        try await functions.changing(function) { () throws(LambdaError) in
            _ = try await functions.latest(function)
            try await functions.deleteAlias(name, of: function)
        }
    }

    /// Refuses versions that are missing, and those that never will serve. One that is still `Pending` is taken, as on AWS.
    private func checkVersions(of alias: FunctionAlias) async throws(LambdaError) {
        for version in alias.versions {
            guard let found = try await functions.configuration(VersionKey(alias.functionName, version)) else {
                throw .functionNotFound(
                    functions.account.arn(name: alias.functionName, qualifier: version.qualifier))
            }
            if case .failed(let reason) = found.state { throw .wrongState(found.state.name, reason: reason) }
        }
    }
}

extension FunctionAlias {
    fileprivate var weights: [String: Double] { shift.map { [$0.version.qualifier: $0.weight] } ?? [:] }
}
