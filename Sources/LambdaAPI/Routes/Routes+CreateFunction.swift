import FunctionModel
import Hummingbird
import Worker

extension Routes {
    func addCreateFunction(to router: Router<Context>) {
        router.post("2015-03-31/functions", use: createFunction)
    }

    /// CreateFunction: 201 and the function `Pending`. With `Publish`, the version's configuration under the function's
    /// unqualified ARN.
    private func createFunction(_ request: Request, _ context: Context) async throws -> Response {
        let members = try await request.members(
            CreateFunctionMembers.self, limit: Limits.uploadRequest, operation: "CreateFunction")
        let created = try await service.createFunction(
            members.request(scope: scope, abilities: configuration.abilities))
        return try Response(status: .created, json: wire.configuration(created, qualifier: nil))
    }
}
