import FunctionModel
import Worker

/// One policy and some URLs for all functions there are.
extension FakeLambdaService: PermissionKeeping, FunctionURLKeeping {
    func addPermission(
        _ statement: PolicyStatement, to reference: FunctionReference, revisionID: String?
    ) async throws(LambdaError) -> String {
        try await perform { state throws(LambdaError) in
            state.policy = FunctionPolicy(
                revisionID: "rev-p", statements: (state.policy?.statements ?? []) + [statement])
            return statement.text(of: AccountScope().arn(reference))
        }
    }

    func removePermission(
        _ statementID: String, from reference: FunctionReference, revisionID: String?
    ) async throws(LambdaError) {
        try await perform { state throws(LambdaError) in
            guard state.policy?.statements.contains(where: { $0.id == statementID }) == true else {
                throw .statementNotFound(statementID)
            }
            state.policy?.statements.removeAll { $0.id == statementID }
        }
    }

    func policy(_ reference: FunctionReference) async throws(LambdaError) -> PolicyDescription {
        try await perform { state throws(LambdaError) in
            guard let policy = state.policy else { throw .resourceNotFound }
            return PolicyDescription(
                text: policy.text(of: AccountScope().arn(reference)), revisionID: policy.revisionID)
        }
    }

    func allows(
        _ action: String, to caller: PolicyCaller, on reference: FunctionReference
    ) async throws(LambdaError) -> Bool {
        try await perform { state throws(LambdaError) in
            reference.name == "f" && state.policy?.allows(action, to: caller) == true
        }
    }

    func createURL(
        _ reference: FunctionReference, _ members: FunctionURLMembers
    ) async throws(LambdaError) -> FunctionURL {
        try await perform { state throws(LambdaError) in
            let url = FunctionURL(
                id: FunctionURL.makeID(), functionName: reference.name, qualifier: reference.qualifier,
                authType: members.authType.flatMap(FunctionURL.AuthType.init) ?? .iam,
                invokeMode: members.invokeMode.flatMap(FunctionURL.InvokeMode.init), cors: members.cors,
                created: .sample, lastModified: .sample)
            state.urls.append(url)
            return url
        }
    }

    func updateURL(
        _ reference: FunctionReference, _ members: FunctionURLMembers
    ) async throws(LambdaError) -> FunctionURL {
        try await url(reference)
    }

    func url(_ reference: FunctionReference) async throws(LambdaError) -> FunctionURL {
        try await perform { state throws(LambdaError) in
            guard let url = state.urls.first(where: { $0.functionName == reference.name }) else {
                throw .resourceNotFound
            }
            return url
        }
    }

    func deleteURL(_ reference: FunctionReference) async throws(LambdaError) { _ = try await url(reference) }

    func listURLs(_ reference: FunctionReference, page: PageRequest) async throws(LambdaError) -> Page<FunctionURL> {
        try await perform { state throws(LambdaError) in Page(items: state.urls, nextMarker: state.nextMarker) }
    }

    func servedURL(id: String) async throws(LambdaError) -> ServedURL? {
        try await perform { state throws(LambdaError) in
            state.urls.first { $0.id == id }.map { ServedURL(url: $0, policy: state.policy) }
        }
    }
}
