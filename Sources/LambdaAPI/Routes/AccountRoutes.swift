import FunctionModel
import Hummingbird
import Worker

/// What belongs to the account: its limits and usage, and its code signing configurations.
struct AccountRoutes: RouteGroup {
    let account: any AccountKeeping
    let addressing: Addressing

    func add(to router: Router<Context>) {
        router.get("2016-08-19/account-settings") { _, _ in
            try Response(json: AccountSettingsShape(try await account.accountSettings()))
        }
        router.post("2020-04-22/code-signing-configs", use: create)
        router.get("2020-04-22/code-signing-configs", use: list)
        router.get("2020-04-22/code-signing-configs/{CodeSigningConfigArn}", use: get)
        router.put("2020-04-22/code-signing-configs/{CodeSigningConfigArn}", use: update)
        router.delete("2020-04-22/code-signing-configs/{CodeSigningConfigArn}", use: delete)
        router.get("2020-04-22/code-signing-configs/{CodeSigningConfigArn}/functions", use: listFunctions)
    }

    private func create(_ request: Request, _ context: Context) async throws -> Response {
        let given = try await request.members(CodeSigningRequest.self, operation: "CreateCodeSigningConfig")
        let created = try await account.createCodeSigning(given.members)
        return try Response(status: .created, json: ["CodeSigningConfig": shape(created)])
    }

    private func get(_ request: Request, _ context: Context) async throws -> Response {
        try Response(json: ["CodeSigningConfig": shape(try await account.codeSigning(arn: arn(context)))])
    }

    private func update(_ request: Request, _ context: Context) async throws -> Response {
        let given = try await request.members(CodeSigningRequest.self, operation: "UpdateCodeSigningConfig")
        let updated = try await account.updateCodeSigning(arn: arn(context), given.members)
        return try Response(json: ["CodeSigningConfig": shape(updated)])
    }

    private func delete(_ request: Request, _ context: Context) async throws -> Response {
        try await account.deleteCodeSigning(arn: arn(context))
        return Response(status: .noContent)
    }

    private func list(_ request: Request, _ context: Context) async throws -> Response {
        let page = try await account.codeSigning(page: addressing.page(request))
        return try Response(
            json: ListCodeSigningShape(configurations: page.items.map(shape), nextMarker: page.nextMarker))
    }

    private func listFunctions(_ request: Request, _ context: Context) async throws -> Response {
        let page = try await account.functions(withCodeSigning: arn(context), page: addressing.page(request))
        return try Response(
            json: ListFunctionARNsShape(
                functionARNs: page.items.map { addressing.scope.arn(name: $0).description },
                nextMarker: page.nextMarker))
    }

    private func arn(_ context: Context) -> String { addressing.pathItem("CodeSigningConfigArn", context) }

    private func shape(_ configuration: CodeSigningConfiguration) -> CodeSigningShape {
        CodeSigningShape(configuration, scope: addressing.scope)
    }
}
