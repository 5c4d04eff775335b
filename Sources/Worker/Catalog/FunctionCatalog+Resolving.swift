internal import Basics
internal import FunctionModel
internal import FunctionStore

/// What a reference came to.
struct ResolvedFunction: Sendable {
    let configuration: FunctionConfiguration
    /// The alias that it came by.
    let alias: FunctionAlias?
}

/// Which of an alias's versions is meant.
enum AliasChoice: Sendable {
    /// The one that it names, for whoever reads.
    case first
    /// One of both, by their weights: for an invocation.
    case byWeight
}

/// From what a caller wrote to a version: the only place where qualifiers are read.
extension FunctionCatalog {
    /// The version that a caller means; `Function not found` names it as the caller did, or with `qualifier` appended.
    func resolve(
        _ reference: FunctionReference, defaultQualifier: String? = nil, choosing choice: AliasChoice = .first
    ) async throws(LambdaError) -> ResolvedFunction {
        try reference.checkReachable(from: account)
        let found =
            if let version = reference.version {
                try await configuration(VersionKey(reference.name, version)).map {
                    ResolvedFunction(configuration: $0, alias: nil)
                }
            } else {
                try await resolveAlias(reference, choice)
            }
        if let found { return found }
        throw .functionNotFound(account.arn(name: reference.name, qualifier: reference.qualifier ?? defaultQualifier))
    }

    private func resolveAlias(
        _ reference: FunctionReference, _ choice: AliasChoice
    ) async throws(LambdaError) -> ResolvedFunction? {
        guard reference.namesAlias, let name = reference.qualifier else { return nil }
        var missing: FunctionVersion?
        while let alias = try await alias(name, of: reference.name) {
            let version = choice == .first ? alias.version : alias.version(drawing: .random(in: 0..<1))
            if let found = try await configuration(VersionKey(reference.name, version)) {
                return ResolvedFunction(configuration: found, alias: alias)
            }
            // It was moved, and its version deleted, between the two look-ups: it leads elsewhere now. To the same one, it
            // leads nowhere.
            guard missing != version else { return nil }
            missing = version
        }
        return nil
    }
}

/// Aliases. Whoever changes one holds its function's lock.
extension FunctionCatalog {
    func storedAlias(_ name: String, of function: String) async throws(LambdaError) -> FunctionAlias? {
        try await rethrowing(try await aliasStore.alias(name, of: function), as: Self.lambdaError)
    }

    func aliases(
        of function: String, version: FunctionVersion?, page: ListPage
    ) async throws(LambdaError) -> Page<FunctionAlias> {
        try await rethrowing(
            try await aliasStore.aliases(of: function, version: version, page: page), as: Self.lambdaError)
    }

    func aliasNames(
        of function: String, leadingTo version: FunctionVersion
    ) async throws(LambdaError) -> [String] {
        try await rethrowing(
            try await aliasStore.aliasNames(of: function, leadingTo: version), as: Self.lambdaError)
    }

    func createAlias(_ alias: FunctionAlias) async throws(LambdaError) {
        defer { forgetAlias(alias.name, of: alias.functionName) }
        try await rethrowing(try await aliasStore.createAlias(alias), as: Self.lambdaError)
    }

    func updateAlias(_ next: FunctionAlias, from previous: FunctionAlias) async throws(LambdaError) {
        defer { forgetAlias(next.name, of: next.functionName) }
        try await rethrowing(
            try await aliasStore.updateAlias(next, expectedRevision: previous.revisionID), as: Self.lambdaError)
    }

    func deleteAlias(_ name: String, of function: String) async throws(LambdaError) {
        defer { forgetAlias(name, of: function) }
        try await rethrowing(try await aliasStore.deleteAlias(name, of: function), as: Self.lambdaError)
    }
}
