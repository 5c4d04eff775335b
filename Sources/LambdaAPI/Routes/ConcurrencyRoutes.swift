import FunctionModel
import Hummingbird
import Worker

struct ConcurrencyRoutes: RouteGroup {
    let concurrency: any ConcurrencyControlling
    let addressing: Addressing

    func add(to router: Router<Context>) {
        router.put("2017-10-31/functions/{FunctionName}/concurrency", use: putFunctionConcurrency)
        router.delete("2017-10-31/functions/{FunctionName}/concurrency", use: deleteFunctionConcurrency)
        router.get("2019-09-30/functions/{FunctionName}/concurrency", use: getFunctionConcurrency)
    }

    private func putFunctionConcurrency(_ request: Request, _ context: Context) async throws -> Response {
        let reference = try addressing.reference(request, context)
        let members = try await request.members(ConcurrencyShape.self, operation: "PutFunctionConcurrency")
        var violations = ConstraintViolations()
        if let executions = members.reserved {
            violations.checkRange(executions, at: "reservedConcurrentExecutions", 0...Int.max)
        } else {
            violations.addMissing(at: "reservedConcurrentExecutions")
        }
        try violations.throwIfAny()
        try await concurrency.reserve(members.reserved ?? 0, for: reference)
        return try Response(json: members)
    }

    private func deleteFunctionConcurrency(_ request: Request, _ context: Context) async throws -> Response {
        try await concurrency.endReservation(of: addressing.reference(request, context))
        return Response(status: .noContent)
    }

    /// GetFunctionConcurrency: without a member when nothing is reserved.
    private func getFunctionConcurrency(_ request: Request, _ context: Context) async throws -> Response {
        let reserved = try await concurrency.reservation(of: addressing.reference(request, context))
        return try Response(json: ConcurrencyShape(reserved: reserved))
    }
}

/// `Concurrency`, in requests and responses.
struct ConcurrencyShape: Codable {
    var reserved: Int?

    private enum CodingKeys: String, CodingKey {
        case reserved = "ReservedConcurrentExecutions"
    }
}
