import FunctionModel
import Hummingbird
import Worker

struct TagRoutes: RouteGroup {
    let tags: any TagKeeping
    let eventSources: any EventSourceKeeping
    let functions: any FunctionControlling
    let addressing: Addressing
    let abilities: ServerAbilities

    func add(to router: Router<Context>) {
        router.get("2017-03-31/tags/{Resource}", use: listTags)
        router.post("2017-03-31/tags/{Resource}", use: tagResource)
        router.delete("2017-03-31/tags/{Resource}", use: untagResource)
    }

    private func listTags(_ request: Request, _ context: Context) async throws -> Response {
        if let arn = eventSourceMapping(context) {
            return try Response(json: ["Tags": try await eventSources.tagsOfEventSourceMapping(arn)])
        }
        let description = try await functions.functionDescription(tagged(context))
        return try Response(json: ["Tags": description.tags])
    }

    /// TagResource: 204, and tags that are there already get their new values.
    private func tagResource(_ request: Request, _ context: Context) async throws -> Response {
        let members = try await request.members(TagResourceMembers.self, operation: "TagResource")
        if let arn = eventSourceMapping(context) {
            try FunctionValidation.checkTags(members.tags, by: abilities)
            let given = members.tags ?? [:]
            try await eventSources.changeTagsOfEventSourceMapping(arn) { $0.merging(given) { $1 } }
            return Response(status: .noContent)
        }
        let function = try tagged(context)
        try FunctionValidation.checkTags(members.tags, by: abilities)
        try await tags.tagFunction(function.name, tags: members.tags ?? [:])
        return Response(status: .noContent)
    }

    /// UntagResource: 204, also for keys that are not there.
    private func untagResource(_ request: Request, _ context: Context) async throws -> Response {
        let keys = request.uri.queryParameters[values: "tagKeys"].map(String.init)
        if let arn = eventSourceMapping(context) {
            try FunctionValidation.checkTagKeys(keys)
            try await eventSources.changeTagsOfEventSourceMapping(arn) { $0.filter { !keys.contains($0.key) } }
            return Response(status: .noContent)
        }
        let function = try tagged(context)
        try FunctionValidation.checkTagKeys(keys)
        try await tags.untagFunction(function.name, keys: keys)
        return Response(status: .noContent)
    }

    /// The ARN in the path, if it is an event source mapping's.
    private func eventSourceMapping(_ context: Context) -> String? {
        let arn = addressing.pathItem("Resource", context)
        return EventSourceMapping.isARN(arn) ? arn : nil
    }

    private func tagged(_ context: Context) throws(LambdaError) -> FunctionReference {
        try FunctionReference(tagged: addressing.pathItem("Resource", context), in: addressing.scope)
    }
}

/// The body of TagResource.
private struct TagResourceMembers: Decodable {
    var tags: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case tags = "Tags"
    }
}
