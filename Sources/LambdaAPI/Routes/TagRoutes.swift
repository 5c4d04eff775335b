import FunctionModel
import Hummingbird
import Worker

struct TagRoutes: RouteGroup {
    let tags: any TagKeeping
    let functions: any FunctionControlling
    let addressing: Addressing
    let abilities: ServerAbilities

    func add(to router: Router<Context>) {
        router.get("2017-03-31/tags/{Resource}", use: listTags)
        router.post("2017-03-31/tags/{Resource}", use: tagResource)
        router.delete("2017-03-31/tags/{Resource}", use: untagResource)
    }

    private func listTags(_ request: Request, _ context: Context) async throws -> Response {
        let description = try await functions.functionDescription(tagged(context))
        return try Response(json: ["Tags": description.tags])
    }

    /// TagResource: 204, and tags that are there already get their new values.
    private func tagResource(_ request: Request, _ context: Context) async throws -> Response {
        let function = try tagged(context)
        let members = try await request.members(TagResourceMembers.self, operation: "TagResource")
        try FunctionValidation.checkTags(members.tags, by: abilities)
        try await tags.tagFunction(function.name, tags: members.tags ?? [:])
        return Response(status: .noContent)
    }

    /// UntagResource: 204, also for keys that are not there.
    private func untagResource(_ request: Request, _ context: Context) async throws -> Response {
        let function = try tagged(context)
        let keys = request.uri.queryParameters[values: "tagKeys"].map(String.init)
        try FunctionValidation.checkTagKeys(keys)
        try await tags.untagFunction(function.name, keys: keys)
        return Response(status: .noContent)
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
