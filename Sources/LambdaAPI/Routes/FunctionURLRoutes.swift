import FunctionModel
import Hummingbird
import Worker

/// The configuration of function URLs; ``FunctionURLMiddleware`` serves the URLs themselves.
struct FunctionURLRoutes: RouteGroup {
    let urls: any FunctionURLKeeping
    let addressing: Addressing
    let addresses: FunctionURLAddresses

    func add(to router: Router<Context>) {
        router.post("2021-10-31/functions/{FunctionName}/url", use: createFunctionURLConfig)
        router.get("2021-10-31/functions/{FunctionName}/url", use: getFunctionURLConfig)
        router.put("2021-10-31/functions/{FunctionName}/url", use: updateFunctionURLConfig)
        router.delete("2021-10-31/functions/{FunctionName}/url", use: deleteFunctionURLConfig)
        router.get("2021-10-31/functions/{FunctionName}/urls", use: listFunctionURLConfigs)
    }

    /// CreateFunctionUrlConfig: 201.
    private func createFunctionURLConfig(_ request: Request, _ context: Context) async throws -> Response {
        let members = try await members(of: request, "CreateFunctionUrlConfig")
        let reference = try reference(request, context) { violations in
            if members.authType == nil { violations.addMissing(at: "authType") }
            members.check(&violations)
        }
        let url = try await urls.createURL(reference, members)
        var shape = shape(url, request)
        shape.lastModifiedTime = nil
        return try Response(status: .created, json: shape)
    }

    private func updateFunctionURLConfig(_ request: Request, _ context: Context) async throws -> Response {
        let members = try await members(of: request, "UpdateFunctionUrlConfig")
        let url = try await urls.updateURL(try reference(request, context) { members.check(&$0) }, members)
        return try Response(json: shape(url, request))
    }

    private func getFunctionURLConfig(_ request: Request, _ context: Context) async throws -> Response {
        try Response(json: readShape(try await urls.url(try reference(request, context)), request))
    }

    private func deleteFunctionURLConfig(_ request: Request, _ context: Context) async throws -> Response {
        try await urls.deleteURL(try reference(request, context))
        return Response(status: .noContent)
    }

    private func listFunctionURLConfigs(_ request: Request, _ context: Context) async throws -> Response {
        let reference = try FunctionReference(
            urlOf: addressing.pathItem("FunctionName", context), qualifier: nil, in: addressing.scope)
        let page = try await urls.listURLs(reference, page: addressing.page(request))
        return try Response(
            json: ListFunctionURLConfigsShape(
                configurations: page.items.map { readShape($0, request) }, nextMarker: page.nextMarker))
    }

    private func members(of request: Request, _ operation: String) async throws -> FunctionURLMembers {
        try await request.members(FunctionURLConfigMembers.self, operation: operation).members
    }

    private func reference(
        _ request: Request, _ context: Context, also check: (inout ConstraintViolations) -> Void = { _ in }
    ) throws(LambdaError) -> FunctionReference {
        let qualifier = request.queryItem("Qualifier").flatMap { $0.isEmpty ? nil : $0 }
        return try FunctionReference(
            urlOf: addressing.pathItem("FunctionName", context), qualifier: qualifier, in: addressing.scope,
            also: check)
    }

    private func readShape(_ url: FunctionURL, _ request: Request) -> FunctionURLConfigShape {
        var shape = shape(url, request)
        shape.invokeMode = url.invokeMode ?? .buffered
        return shape
    }

    private func shape(_ url: FunctionURL, _ request: Request) -> FunctionURLConfigShape {
        FunctionURLConfigShape(
            functionURL: addresses.address(of: url, request),
            functionARN: addressing.scope.arn(name: url.functionName, qualifier: url.qualifier).description,
            authType: url.authType, cors: url.cors, creationTime: FunctionURLConfigShape.time(url.created),
            lastModifiedTime: FunctionURLConfigShape.time(url.lastModified), invokeMode: url.invokeMode)
    }
}
