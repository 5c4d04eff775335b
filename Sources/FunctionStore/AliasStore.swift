package import FunctionModel

/// The aliases of functions. Each leads to versions that exist: neither is changed without the other.
///
/// Every method is durable when it returns; one that throws changed nothing.
package protocol AliasStore: Sendable {
    func alias(_ name: String, of function: String) async throws(FunctionStoreError) -> FunctionAlias?

    /// A function's aliases by name; with a version, those alone that lead to it first.
    func aliases(
        of function: String, version: FunctionVersion?, page: ListPage
    ) async throws(FunctionStoreError) -> Page<FunctionAlias>

    /// The names of the aliases that lead to a version, as their first or as their additional one.
    func aliasNames(of function: String, leadingTo version: FunctionVersion) async throws(FunctionStoreError)
        -> [String]

    /// Throws `.alreadyExists` when the name is taken, `.notFound` when a version is missing.
    func createAlias(_ alias: FunctionAlias) async throws(FunctionStoreError)

    /// Replaces the alias that has this name.
    ///
    /// - Parameter expectedRevision: the `revisionID` that it must have now; throws `.revisionMismatch` otherwise.
    func updateAlias(_ alias: FunctionAlias, expectedRevision: String) async throws(FunctionStoreError)

    /// Does nothing when there is none, as on AWS.
    func deleteAlias(_ name: String, of function: String) async throws(FunctionStoreError)
}
