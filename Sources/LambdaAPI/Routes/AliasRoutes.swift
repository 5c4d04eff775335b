import FunctionModel
import Hummingbird
import Worker

struct AliasRoutes: RouteGroup {
    let aliases: any AliasKeeping
    let addressing: Addressing

    func add(to router: Router<Context>) {
        router.post("2015-03-31/functions/{FunctionName}/aliases", use: createAlias)
        router.get("2015-03-31/functions/{FunctionName}/aliases", use: listAliases)
        router.get("2015-03-31/functions/{FunctionName}/aliases/{Name}", use: getAlias)
        router.put("2015-03-31/functions/{FunctionName}/aliases/{Name}", use: updateAlias)
        router.delete("2015-03-31/functions/{FunctionName}/aliases/{Name}", use: deleteAlias)
    }

    private func createAlias(_ request: Request, _ context: Context) async throws -> Response {
        let function = try addressing.functionName(context, for: "CreateAlias")
        let given = try await request.members(AliasRequest.self, operation: "CreateAlias")
        try AliasValidation.checkCreation(name: given.name, given.members)
        let alias = try await aliases.createAlias(
            CreateAliasRequest(functionName: function, name: given.name ?? "", members: given.members))
        return try Response(status: .created, json: shape(alias))
    }

    private func getAlias(_ request: Request, _ context: Context) async throws -> Response {
        let function = try addressing.functionName(context, for: "GetAlias")
        return try Response(
            json: shape(try await aliases.alias(addressing.pathItem("Name", context), of: function)))
    }

    private func listAliases(_ request: Request, _ context: Context) async throws -> Response {
        let function = try addressing.functionName(context, for: "ListAliases")
        let version = try AliasValidation.listedVersion(request.queryItem("FunctionVersion"))
        let page = try await aliases.aliases(of: function, version: version, page: addressing.page(request))
        return try Response(json: ListAliasesShape(aliases: page.items.map(shape), nextMarker: page.nextMarker))
    }

    /// UpdateAlias: what is not given stays.
    private func updateAlias(_ request: Request, _ context: Context) async throws -> Response {
        let function = try addressing.functionName(context, for: "UpdateAlias")
        let given = try await request.members(AliasRequest.self, operation: "UpdateAlias")
        let alias = try await aliases.updateAlias(
            addressing.pathItem("Name", context), of: function, given.members)
        return try Response(json: shape(alias))
    }

    /// DeleteAlias: 204, also when there is none.
    private func deleteAlias(_ request: Request, _ context: Context) async throws -> Response {
        let function = try addressing.functionName(context, for: "DeleteAlias")
        try await aliases.deleteAlias(addressing.pathItem("Name", context), of: function)
        return Response(status: .noContent)
    }

    private func shape(_ alias: FunctionAlias) -> AliasShape { AliasShape(alias, scope: addressing.scope) }
}
