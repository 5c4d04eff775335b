package import FunctionModel

/// Who may call functions beside their account, and the URLs by which they are called.
///
/// Policies and URLs belong to a function, or to one of its versions or aliases, and go with that. Every method is durable when it
/// returns; one that throws changed nothing.
package protocol AccessStore: Sendable {
    /// - Parameter qualifier: a version's number or an alias; nil for the function itself.
    func policy(of function: String, qualifier: String?) async throws(FunctionStoreError) -> FunctionPolicy?

    /// Replaces the policy, or with one without statements removes it.
    ///
    /// - Parameter expectedRevision: the `revisionID` that it must have now, nil for none; throws `.revisionMismatch` otherwise.
    func setPolicy(
        _ policy: FunctionPolicy, of function: String, qualifier: String?, expectedRevision: String?
    ) async throws(FunctionStoreError)

    func url(of function: String, qualifier: String?) async throws(FunctionStoreError) -> FunctionURL?

    /// The URL with this id, and the policy that decides who may call it.
    func url(id: String) async throws(FunctionStoreError) -> (url: FunctionURL, policy: FunctionPolicy?)?

    /// The URLs of a function and of its aliases, the function's own first.
    func urls(of function: String, page: ListPage) async throws(FunctionStoreError) -> Page<FunctionURL>

    /// Throws `.alreadyExists` when there is one already.
    func createURL(_ url: FunctionURL) async throws(FunctionStoreError)

    /// Throws `.notFound` when there is none.
    func updateURL(_ url: FunctionURL) async throws(FunctionStoreError)

    /// - Returns: whether there was one.
    func deleteURL(of function: String, qualifier: String?) async throws(FunctionStoreError) -> Bool
}
