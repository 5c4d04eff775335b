import FunctionModel
import Hummingbird
import Worker

struct FunctionUpdateRoutes: RouteGroup {
    let functions: any FunctionControlling
    let addressing: Addressing
    let abilities: ServerAbilities
    let wire: WireFormat

    func add(to router: Router<Context>) {
        router.put("2015-03-31/functions/{FunctionName}/code", use: updateFunctionCode)
        router.put("2015-03-31/functions/{FunctionName}/configuration", use: updateFunctionConfiguration)
    }

    /// UpdateFunctionCode: the function with its update in progress. With `Publish`, the version under its own ARN.
    private func updateFunctionCode(_ request: Request, _ context: Context) async throws -> Response {
        let upload = functions.beginUpload()
        let members = try await UploadReader.members(
            UpdateFunctionCodeMembers.self, of: request, context, zipAt: ["ZipFile"], to: upload,
            operation: "UpdateFunctionCode")
        let name = try addressing.functionName(context, for: "UpdateFunctionCode")
        let update = try members.request(functionName: name, abilities: abilities, upload: upload)
        if let place = members.code.place { try await functions.fetchCode(place, into: upload) }
        let updated = try await functions.updateFunctionCode(update)
        return try Response(json: wire.configuration(updated, qualifier: addressing.scope.arn(updated).qualifier))
    }

    private func updateFunctionConfiguration(_ request: Request, _ context: Context) async throws -> Response {
        let name = try addressing.functionName(context, for: "UpdateFunctionConfiguration")
        let members = try await request.members(
            UpdateFunctionConfigurationMembers.self, operation: "UpdateFunctionConfiguration")
        let updated = try await functions.updateFunctionConfiguration(
            members.request(functionName: name, abilities: abilities))
        return try Response(json: wire.configuration(updated, qualifier: nil))
    }
}
