import Hummingbird
import Worker

struct DeleteFunctionRoute: RouteGroup {
    let functions: any FunctionControlling
    let addressing: Addressing

    func add(to router: Router<Context>) {
        router.delete("2015-03-31/functions/{FunctionName}", use: deleteFunction)
    }

    /// DeleteFunction: the version that `Qualifier` names, or the function with all its versions. 204, though AWS's model
    /// says 200.
    private func deleteFunction(_ request: Request, _ context: Context) async throws -> Response {
        try await functions.deleteFunction(addressing.reference(request, context))
        return Response(status: .noContent)
    }
}
