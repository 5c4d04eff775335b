import FunctionModel
import Hummingbird
import Worker

struct FunctionReadRoutes: RouteGroup {
    let functions: any FunctionControlling
    let addressing: Addressing
    let codeLocation: CodeLocation
    let wire: WireFormat

    func add(to router: Router<Context>) {
        router.get("2015-03-31/functions", use: listFunctions)
        router.get("2015-03-31/functions/{FunctionName}", use: getFunction)
        router.get("2015-03-31/functions/{FunctionName}/configuration", use: getFunctionConfiguration)
    }

    private func getFunction(_ request: Request, _ context: Context) async throws -> Response {
        let reference = try addressing.reference(request, context)
        let description = try await functions.functionDescription(reference)
        let code =
            if let image = description.configuration.image { GetFunctionShape.CodeLocation(image) } else {
                GetFunctionShape.CodeLocation(location: codeLocation.url(of: description.configuration, request))
            }
        let shape = GetFunctionShape(
            configuration: wire.configuration(description.configuration, qualifier: reference.qualifier),
            code: code,
            tags: description.tags.isEmpty ? nil : description.tags,
            concurrency: description.reservedConcurrency.map { ConcurrencyShape(reserved: $0) })
        return try Response(json: shape)
    }

    private func getFunctionConfiguration(_ request: Request, _ context: Context) async throws -> Response {
        let reference = try addressing.reference(request, context)
        let found = try await functions.functionConfiguration(reference)
        return try Response(json: wire.configuration(found, qualifier: reference.qualifier))
    }

    /// ListFunctions: each function's `$LATEST`, or with `FunctionVersion=ALL` every version under its qualified ARN.
    private func listFunctions(_ request: Request, _ context: Context) async throws -> Response {
        let all = try FunctionValidation.wantsAllVersions(request.queryItem("FunctionVersion"))
        let page = try await functions.listFunctions(allVersions: all, page: addressing.page(request))
        let entries = page.items.map { item in
            wire.configuration(item, qualifier: all ? wire.entryQualifier(item) : nil, entry: true)
        }
        return try Response(json: ListFunctionsShape(functions: entries, nextMarker: page.nextMarker))
    }
}
