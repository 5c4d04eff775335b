import FunctionModel
import Hummingbird
import Worker

/// What a function has beside its configuration: code signing, recursion, runtime management.
struct FunctionSettingRoutes: RouteGroup {
    let settings: any FunctionSettingKeeping
    let addressing: Addressing

    func add(to router: Router<Context>) {
        router.get("2020-06-30/functions/{FunctionName}/code-signing-config", use: getCodeSigning)
        router.put("2020-06-30/functions/{FunctionName}/code-signing-config", use: putCodeSigning)
        router.delete("2020-06-30/functions/{FunctionName}/code-signing-config", use: deleteCodeSigning)
        router.get("2024-08-31/functions/{FunctionName}/recursion-config", use: getRecursion)
        router.put("2024-08-31/functions/{FunctionName}/recursion-config", use: putRecursion)
        router.get("2021-07-20/functions/{FunctionName}/runtime-management-config", use: getRuntimeManagement)
        router.put("2021-07-20/functions/{FunctionName}/runtime-management-config", use: putRuntimeManagement)
    }

    // MARK: - Code signing

    private func getCodeSigning(_ request: Request, _ context: Context) async throws -> Response {
        let name = try addressing.reference(request, context).name
        guard let arn = try await settings.codeSigning(of: name) else { return try Response(json: [String: String]()) }
        return try Response(json: ["CodeSigningConfigArn": arn, "FunctionName": name])
    }

    private func putCodeSigning(_ request: Request, _ context: Context) async throws -> Response {
        let name = try addressing.functionName(context, for: "PutFunctionCodeSigningConfig")
        let members = try await request.members([String: String].self, operation: "PutFunctionCodeSigningConfig")
        guard let arn = members["CodeSigningConfigArn"] else {
            var violations = ConstraintViolations()
            violations.addMissing(at: "codeSigningConfigArn")
            try violations.throwIfAny()
            throw LambdaError.codeSigningMissing("")
        }
        try await settings.setCodeSigning(arn, of: name)
        return try Response(json: ["CodeSigningConfigArn": arn, "FunctionName": name])
    }

    private func deleteCodeSigning(_ request: Request, _ context: Context) async throws -> Response {
        try await settings.setCodeSigning(
            nil, of: addressing.functionName(context, for: "DeleteFunctionCodeSigningConfig"))
        return Response(status: .noContent)
    }

    // MARK: - Recursion

    private func getRecursion(_ request: Request, _ context: Context) async throws -> Response {
        let name = try addressing.reference(request, context).name
        return try Response(json: ["RecursiveLoop": try await settings.recursion(of: name)])
    }

    private func putRecursion(_ request: Request, _ context: Context) async throws -> Response {
        let name = try addressing.functionName(context, for: "PutFunctionRecursionConfig")
        let members = try await request.members([String: String].self, operation: "PutFunctionRecursionConfig")
        let value = try await settings.setRecursion(members["RecursiveLoop"], of: name)
        return try Response(json: ["RecursiveLoop": value])
    }

    // MARK: - Runtime management

    private func getRuntimeManagement(_ request: Request, _ context: Context) async throws -> Response {
        let reference = try addressing.reference(request, context)
        return try Response(json: shape(try await settings.runtimeManagement(of: reference), reference))
    }

    private func putRuntimeManagement(_ request: Request, _ context: Context) async throws -> Response {
        let reference = try addressing.reference(request, context)
        let members = try await request.members([String: String].self, operation: "PutRuntimeManagementConfig")
        let set = try await settings.setRuntimeManagement(
            members["UpdateRuntimeOn"], runtimeVersionARN: members["RuntimeVersionArn"], of: reference)
        return try Response(json: shape(set, reference))
    }

    private func shape(_ management: RuntimeManagement, _ reference: FunctionReference) -> [String: String] {
        var members = [
            "UpdateRuntimeOn": management.updateOn, "FunctionArn": addressing.scope.arn(reference).description,
        ]
        members["RuntimeVersionArn"] = management.runtimeVersionARN
        return members
    }
}
