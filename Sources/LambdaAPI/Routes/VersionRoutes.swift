import FunctionModel
import Hummingbird
import Worker

struct VersionRoutes: RouteGroup {
    let versions: any VersionPublishing
    let functions: any FunctionControlling
    let addressing: Addressing
    let wire: WireFormat

    func add(to router: Router<Context>) {
        router.post("2015-03-31/functions/{FunctionName}/versions", use: publishVersion)
        router.get("2015-03-31/functions/{FunctionName}/versions", use: listVersionsByFunction)
    }

    /// PublishVersion: 201 and the version, which with SnapStart is `Pending` until its snapshot is made.
    private func publishVersion(_ request: Request, _ context: Context) async throws -> Response {
        let name = try addressing.functionName(context, for: "PublishVersion")
        let members = try await request.members(PublishVersionMembers.self, operation: "PublishVersion")
        let version = try await versions.publishVersion(members.request(functionName: name))
        return try Response(
            status: .created, json: wire.configuration(version, qualifier: version.version.qualifier))
    }

    private func listVersionsByFunction(_ request: Request, _ context: Context) async throws -> Response {
        let name = try addressing.functionName(context, for: "ListVersionsByFunction")
        let page = try await functions.listVersions(functionName: name, page: addressing.page(request))
        let entries = page.items.map { item in
            wire.configuration(item, qualifier: wire.entryQualifier(item), entry: true)
        }
        return try Response(json: ListVersionsShape(versions: entries, nextMarker: page.nextMarker))
    }
}
