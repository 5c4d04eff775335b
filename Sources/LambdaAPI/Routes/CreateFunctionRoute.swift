import FunctionModel
import Hummingbird
import Worker

struct CreateFunctionRoute: RouteGroup {
    let functions: any FunctionControlling
    let scope: AccountScope
    let abilities: ServerAbilities
    let wire: WireFormat

    func add(to router: Router<Context>) {
        router.post("2015-03-31/functions", use: createFunction)
    }

    /// CreateFunction: 201 and the function `Pending`. With `Publish`, the version's configuration under the function's
    /// unqualified ARN.
    private func createFunction(_ request: Request, _ context: Context) async throws -> Response {
        let upload = functions.beginUpload()
        let members = try await UploadReader.members(
            CreateFunctionMembers.self, of: request, context, zipAt: ["Code", "ZipFile"], to: upload,
            operation: "CreateFunction")
        let creation = try members.request(scope: scope, abilities: abilities, upload: upload)
        try context.caller?.check(Caller.create, on: creation.functionName)
        if let place = members.code?.place { try await functions.fetchCode(place, into: upload) }
        let created = try await functions.createFunction(creation)
        return try Response(status: .created, json: wire.configuration(created, qualifier: nil))
    }
}
