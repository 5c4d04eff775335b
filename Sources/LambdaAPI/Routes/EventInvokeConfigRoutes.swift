import FunctionModel
import Hummingbird
import Worker

struct EventInvokeConfigRoutes: RouteGroup {
    let configurations: any EventInvokeControlling
    let addressing: Addressing

    func add(to router: Router<Context>) {
        let path: RouterPath = "2019-09-25/functions/{FunctionName}/event-invoke-config"
        router.put(path, use: putConfig)
        router.post(path, use: updateConfig)
        router.get(path, use: getConfig)
        router.delete(path, use: deleteConfig)
        router.get("2019-09-25/functions/{FunctionName}/event-invoke-config/list", use: listConfigs)
    }

    /// PutFunctionEventInvokeConfig: what is not given has its default.
    private func putConfig(_ request: Request, _ context: Context) async throws -> Response {
        let reference = try addressing.reference(request, context)
        let members = try await request.members(
            EventInvokeConfigMembers.self, operation: "PutFunctionEventInvokeConfig")
        return try Response(
            json: shape(try await configurations.putEventInvokeConfig(members.members, of: reference)))
    }

    /// UpdateFunctionEventInvokeConfig: what is not given stays.
    private func updateConfig(_ request: Request, _ context: Context) async throws -> Response {
        let reference = try addressing.reference(request, context)
        let members = try await request.members(
            EventInvokeConfigMembers.self, operation: "UpdateFunctionEventInvokeConfig")
        return try Response(
            json: shape(try await configurations.updateEventInvokeConfig(members.members, of: reference)))
    }

    private func getConfig(_ request: Request, _ context: Context) async throws -> Response {
        let reference = try addressing.reference(request, context)
        return try Response(json: shape(try await configurations.eventInvokeConfig(of: reference)))
    }

    private func deleteConfig(_ request: Request, _ context: Context) async throws -> Response {
        try await configurations.deleteEventInvokeConfig(of: addressing.reference(request, context))
        return Response(status: .noContent)
    }

    private func listConfigs(_ request: Request, _ context: Context) async throws -> Response {
        let reference = try addressing.reference(request, context)
        let page = try await configurations.listEventInvokeConfigs(of: reference, page: addressing.page(request))
        return try Response(
            json: ListEventInvokeConfigsShape(configurations: page.items.map(shape), nextMarker: page.nextMarker))
    }

    private func shape(_ configuration: EventInvokeConfiguration) -> EventInvokeConfigShape {
        EventInvokeConfigShape(configuration, scope: addressing.scope)
    }
}
