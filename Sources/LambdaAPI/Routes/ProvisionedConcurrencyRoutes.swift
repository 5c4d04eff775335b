import FunctionModel
import Hummingbird
import Worker

struct ProvisionedConcurrencyRoutes: RouteGroup {
    let provisioned: any ProvisionedConcurrencyKeeping
    let addressing: Addressing

    func add(to router: Router<Context>) {
        let path: RouterPath = "2019-09-30/functions/{FunctionName}/provisioned-concurrency"
        router.put(path, use: putConfig)
        router.get(path, use: getOrListConfigs)
        router.delete(path, use: deleteConfig)
    }

    /// PutProvisionedConcurrencyConfig: what is not ready yet comes about after the answer.
    private func putConfig(_ request: Request, _ context: Context) async throws -> Response {
        let members = try await request.members(
            ProvisionedConcurrencyMembers.self, operation: "PutProvisionedConcurrencyConfig")
        var violations = ConstraintViolations()
        if let executions = members.executions {
            violations.checkRange(executions, at: "provisionedConcurrentExecutions", 1...Int.max)
        } else {
            violations.addMissing(at: "provisionedConcurrentExecutions")
        }
        let reference = try reference(request, context, &violations)
        let state = try await provisioned.provision(members.executions ?? 0, for: reference)
        return try Response(status: .accepted, json: ProvisionedConcurrencyShape(state))
    }

    /// GetProvisionedConcurrencyConfig and, with `List=ALL`, ListProvisionedConcurrencyConfigs.
    private func getOrListConfigs(_ request: Request, _ context: Context) async throws -> Response {
        if request.queryItem("List") == "ALL" { return try await listConfigs(request, context) }
        var violations = ConstraintViolations()
        let reference = try reference(request, context, &violations)
        return try Response(
            json: ProvisionedConcurrencyShape(try await provisioned.provisionedConcurrency(of: reference)))
    }

    private func listConfigs(_ request: Request, _ context: Context) async throws -> Response {
        let page = try addressing.page(request)
        var violations = ConstraintViolations()
        if let items = page.maximumItems {
            violations.checkRange(items, at: "maxItems", Limits.provisionedPageItems)
        }
        try violations.throwIfAny()
        let listed = try await provisioned.listProvisionedConcurrency(
            of: addressing.reference(request, context), page: page)
        return try Response(
            json: ListProvisionedConcurrencyShape(
                configurations: listed.items.map {
                    ProvisionedConcurrencyShape(
                        $0,
                        arn: addressing.scope.arn(
                            name: $0.configuration.functionName, qualifier: $0.configuration.qualifier))
                },
                nextMarker: listed.nextMarker))
    }

    /// DeleteProvisionedConcurrencyConfig: 204, also when there is none.
    private func deleteConfig(_ request: Request, _ context: Context) async throws -> Response {
        var violations = ConstraintViolations()
        try await provisioned.endProvisioning(of: reference(request, context, &violations))
        return Response(status: .noContent)
    }

    /// What is configured, which the qualifier must name. Throws what is wrong with the request's other members, too.
    private func reference(
        _ request: Request, _ context: Context, _ violations: inout ConstraintViolations
    ) throws(LambdaError) -> FunctionReference {
        // The name's own qualifier will do.
        if let reference = try? addressing.reference(request, context), reference.qualifier == nil {
            violations.addMissing(at: "qualifier")
        }
        try violations.throwIfAny()
        return try addressing.reference(request, context)
    }
}
