import FunctionModel
import Hummingbird
import Worker

/// Event source mappings. What changes one answers 202: it is done when the mapping's state says so.
struct EventSourceRoutes: RouteGroup {
    let eventSources: any EventSourceKeeping
    let addressing: Addressing

    func add(to router: Router<Context>) {
        router.post("2015-03-31/event-source-mappings", use: create)
        router.get("2015-03-31/event-source-mappings", use: list)
        router.get("2015-03-31/event-source-mappings/{UUID}", use: get)
        router.put("2015-03-31/event-source-mappings/{UUID}", use: update)
        router.delete("2015-03-31/event-source-mappings/{UUID}", use: delete)
    }

    private func create(_ request: Request, _ context: Context) async throws -> Response {
        let members = try await request.members(EventSourceMembers.self, operation: "CreateEventSourceMapping")
        var violations = ConstraintViolations()
        if members.functionName == nil { violations.addMissing(at: "functionName") }
        try violations.throwIfAny()
        let created = try await eventSources.createEventSourceMapping(
            CreateEventSourceRequest(
                functionName: members.functionName ?? "", settings: members.settings, enabled: members.enabled,
                tags: members.tags ?? [:]))
        return try answer(created, status: .accepted)
    }

    private func list(_ request: Request, _ context: Context) async throws -> Response {
        let page = try await eventSources.eventSourceMappings(
            of: request.queryItem("FunctionName"), source: request.queryItem("EventSourceArn"),
            page: addressing.page(request))
        return try Response(
            json: ListEventSourceMappingsShape(
                mappings: page.items.map { EventSourceMappingShape(mapping: $0, scope: addressing.scope) },
                nextMarker: page.nextMarker))
    }

    private func get(_ request: Request, _ context: Context) async throws -> Response {
        try answer(try await eventSources.eventSourceMapping(uuid(context)), status: .ok)
    }

    private func update(_ request: Request, _ context: Context) async throws -> Response {
        let members = try await request.members(EventSourceMembers.self, operation: "UpdateEventSourceMapping")
        let updated = try await eventSources.updateEventSourceMapping(
            UpdateEventSourceRequest(
                uuid: uuid(context), functionName: members.functionName, settings: members.settings,
                enabled: members.enabled))
        return try answer(updated, status: .accepted)
    }

    private func delete(_ request: Request, _ context: Context) async throws -> Response {
        try answer(try await eventSources.deleteEventSourceMapping(uuid(context)), status: .accepted)
    }

    private func uuid(_ context: Context) -> String { addressing.pathItem("UUID", context) }

    private func answer(_ mapping: EventSourceMapping, status: HTTPResponse.Status) throws -> Response {
        try Response(status: status, json: EventSourceMappingShape(mapping: mapping, scope: addressing.scope))
    }
}
