import FunctionModel
import Hummingbird
import Worker

/// Reads of what functions here never have: code signing and the like. Clients ask for them when they
/// refresh a function, and give up when the answer is anything but AWS's for "none".
struct DefaultRoutes: RouteGroup {
    let functions: any FunctionControlling
    let addressing: Addressing

    func add(to router: Router<Context>) {
        router.get("2020-06-30/functions/{FunctionName}/code-signing-config", use: members { _ in [:] })
        router.get(
            "2021-07-20/functions/{FunctionName}/runtime-management-config",
            use: members { ["UpdateRuntimeOn": "Auto", "FunctionArn": $0.description] })
        router.get(
            "2024-08-31/functions/{FunctionName}/recursion-config", use: members { _ in ["RecursiveLoop": "Terminate"] }
        )
    }

    private typealias Handler = @Sendable (Request, Context) async throws -> Response

    /// Answers a structure of texts, for functions that exist.
    private func members(_ answer: @escaping @Sendable (FunctionARN) -> [String: String]) -> Handler {
        { request, context in
            try Response(json: answer(try await existing(request, context)))
        }
    }

    /// The ARN of the function asked about, as the client addressed it; throws when there is none.
    private func existing(_ request: Request, _ context: Context) async throws -> FunctionARN {
        let reference = try addressing.reference(request, context)
        _ = try await functions.functionConfiguration(reference)
        return addressing.scope.arn(reference)
    }
}
