import FunctionModel
import Hummingbird
import Worker

extension Routes {
    func addFunctionUpdates(to router: Router<Context>) {
        router.put("2015-03-31/functions/{FunctionName}/code", use: updateFunctionCode)
        router.put("2015-03-31/functions/{FunctionName}/configuration", use: updateFunctionConfiguration)
    }

    /// UpdateFunctionCode: the function with its update in progress. With `Publish`, the version under its own ARN.
    private func updateFunctionCode(_ request: Request, _ context: Context) async throws -> Response {
        let name = try functionName(context, for: "UpdateFunctionCode")
        let members = try await request.members(
            UpdateFunctionCodeMembers.self, limit: Limits.uploadRequest, operation: "UpdateFunctionCode")
        let updated = try await service.updateFunctionCode(
            members.request(functionName: name, abilities: configuration.abilities))
        return try Response(json: wire.configuration(updated, qualifier: scope.arn(updated).qualifier))
    }

    private func updateFunctionConfiguration(_ request: Request, _ context: Context) async throws -> Response {
        let name = try functionName(context, for: "UpdateFunctionConfiguration")
        let members = try await request.members(
            UpdateFunctionConfigurationMembers.self, operation: "UpdateFunctionConfiguration")
        let updated = try await service.updateFunctionConfiguration(
            members.request(functionName: name, abilities: configuration.abilities))
        return try Response(json: wire.configuration(updated, qualifier: nil))
    }
}
