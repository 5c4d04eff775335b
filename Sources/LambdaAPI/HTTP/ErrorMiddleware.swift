import FunctionModel
import Hummingbird
import Logging

/// Puts the request id on every response and turns every refusal into AWS's shape.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = LambdaRequestContext

    func handle(
        _ request: Request, context: LambdaRequestContext,
        next: @concurrent (Request, LambdaRequestContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as LambdaError {
            response = refusal(error, request, context)
        } catch let error as HTTPError where error.status == .notFound {
            // What the router throws when no route fits.
            response =
                await ForeignCall(request)?.refusal(requestID: context.requestID)
                ?? Response(LambdaError.unknownAction(method: request.method.rawValue, path: request.uri.path))
        }
        response.headers[.amznRequestID] = context.requestID
        return response
    }

    /// What is ours to mend is in the log, whole.
    private func refusal(_ error: LambdaError, _ request: Request, _ context: LambdaRequestContext) -> Response {
        if error.code.httpStatus >= 500 || error.cause != nil {
            context.exchangeLogger.error("request failed", metadata: ["error": "\(error)", "uri": "\(request.uri)"])
        }
        return Response(error)
    }
}
