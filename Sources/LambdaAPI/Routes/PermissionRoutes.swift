import FunctionModel
import Hummingbird
import Worker

struct PermissionRoutes: RouteGroup {
    let permissions: any PermissionKeeping
    let addressing: Addressing

    func add(to router: Router<Context>) {
        router.post("2015-03-31/functions/{FunctionName}/policy", use: addPermission)
        router.get("2015-03-31/functions/{FunctionName}/policy", use: getPolicy)
        router.delete("2015-03-31/functions/{FunctionName}/policy/{StatementId}", use: removePermission)
    }

    /// AddPermission: 201 and the statement, which is JSON in a text.
    private func addPermission(_ request: Request, _ context: Context) async throws -> Response {
        let members = try await request.members(AddPermissionMembers.self, operation: "AddPermission")
        let reference = try addressing.reference(request, context)
        if reference.qualifier?.hasPrefix("$LATEST") == true { throw LambdaError.policyOfLatest }
        let statement = try members.permission.statement(partition: addressing.scope.partition)
        let text = try await permissions.addPermission(statement, to: reference, revisionID: members.revisionID)
        return try Response(status: .created, json: ["Statement": text])
    }

    private func getPolicy(_ request: Request, _ context: Context) async throws -> Response {
        let policy = try await permissions.policy(addressing.reference(request, context))
        return try Response(json: ["Policy": policy.text, "RevisionId": policy.revisionID])
    }

    private func removePermission(_ request: Request, _ context: Context) async throws -> Response {
        let id = addressing.pathItem("StatementId", context)
        var violations = ConstraintViolations()
        violations.addStatementID(id, allowsDots: true)
        try violations.throwIfAny()
        let revisionID = request.queryItem("RevisionId").flatMap { $0.isEmpty ? nil : $0 }
        try await permissions.removePermission(
            id, from: addressing.reference(request, context), revisionID: revisionID)
        return Response(status: .noContent)
    }
}
