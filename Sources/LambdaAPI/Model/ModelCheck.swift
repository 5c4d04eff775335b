import FunctionModel
import Hummingbird
import NIOCore

/// Holds requests against AWS's service model before anything else looks at their members. Not those to invoke, whose routes are
/// added before it; and those that bring an archive are checked once that has arrived, see ``UploadReader``.
struct ModelCheck: RouterMiddleware {
    typealias Context = LambdaRequestContext

    /// What is checked sooner than another thread could begin.
    private static let smallBody = 16_384

    func handle(
        _ request: Request, context: LambdaRequestContext,
        next: @concurrent (Request, LambdaRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let path = context.endpointPath,
            let operation = ServiceModel.lambda.operation(
                request.method.rawValue, path.drop { $0 == "/" }, query: { request.queryItem($0) }),
            !UploadReader.operations.contains(operation.name)
        else { return try await next(request, context) }
        let reader = try ModelReader(operation, request, context)
        guard operation.hasBody else {
            try reader.check()
            return try await next(request, context)
        }
        let body = try await request.wholeBody(limit: Limits.controlRequest) { _ in
            .requestTooLarge(operation: operation.name)
        }
        if body.count <= Self.smallBody {
            try reader.check(body: body)
        } else {
            try await BodyThreads.run { try reader.check(body: body) }
        }
        var request = request
        request.body = RequestBody(buffer: ByteBuffer(bytes: body))
        return try await next(request, context)
    }
}
