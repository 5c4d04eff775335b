package import FunctionModel

/// Permissions: who may call functions beside their account.
package protocol PermissionKeeping: Sendable {
    /// - Returns: the statement, as AWS writes it.
    func addPermission(
        _ statement: PolicyStatement, to reference: FunctionReference, revisionID: String?
    ) async throws(LambdaError) -> String
    func removePermission(
        _ statementID: String, from reference: FunctionReference, revisionID: String?
    ) async throws(LambdaError)
    func policy(_ reference: FunctionReference) async throws(LambdaError) -> PolicyDescription
    /// Whether the policy of just this function, version or alias lets the caller do `action` on it.
    func allows(
        _ action: String, to caller: PolicyCaller, on reference: FunctionReference
    ) async throws(LambdaError) -> Bool
}

/// GetPolicy's answer.
package struct PolicyDescription: Sendable {
    /// As AWS writes it.
    package var text: String
    package var revisionID: String

    package init(text: String, revisionID: String) {
        self.text = text
        self.revisionID = revisionID
    }
}

/// Function URLs; a reference's qualifier is an alias.
package protocol FunctionURLKeeping: Sendable {
    func createURL(_ reference: FunctionReference, _ members: FunctionURLMembers) async throws(LambdaError)
        -> FunctionURL
    func updateURL(_ reference: FunctionReference, _ members: FunctionURLMembers) async throws(LambdaError)
        -> FunctionURL
    func url(_ reference: FunctionReference) async throws(LambdaError) -> FunctionURL
    func deleteURL(_ reference: FunctionReference) async throws(LambdaError)
    func listURLs(_ reference: FunctionReference, page: PageRequest) async throws(LambdaError) -> Page<FunctionURL>
    /// The URL with this id and the policy of what it leads to; nil when there is none.
    func servedURL(id: String) async throws(LambdaError) -> ServedURL?
}

/// A function URL that is called.
package struct ServedURL: Sendable {
    package var url: FunctionURL
    package var policy: FunctionPolicy?

    package init(url: FunctionURL, policy: FunctionPolicy?) {
        self.url = url
        self.policy = policy
    }

    package var reference: FunctionReference { FunctionReference(name: url.functionName, qualifier: url.qualifier) }
}
