import Hummingbird
import Telemetry
import Tracing

/// Around every exchange: those who log below know its request id, those who look on hear of it, and it is a span where somebody
/// traces.
struct CallMiddleware: RouterMiddleware {
    typealias Context = LambdaRequestContext

    let calls: CallTracer
    let observe: (@Sendable (APIExchange) -> Void)?

    func handle(
        _ request: Request, context: LambdaRequestContext,
        next: @concurrent (Request, LambdaRequestContext) async throws -> Response
    ) async throws -> Response {
        try await CallScope.$requestID.withValue(context.requestID) {
            guard calls.tracer != nil || observe != nil else { return try await next(request, context) }
            let start = ContinuousClock.now
            // What no route fits has one name: a client chooses both the method and the path.
            let route = context.endpointPath.map { APIExchange.Route(method: request.method.rawValue, path: $0) }
            let known = route ?? .unknown
            do {
                let response = try await traced(request, context, known, next)
                observe?(
                    APIExchange(route: known, status: Int(response.status.code), duration: start.duration(to: .now)))
                return response
            } catch {
                let status = (error as? any HTTPResponseError)?.status.code ?? 500
                observe?(APIExchange(route: known, status: Int(status), duration: start.duration(to: .now)))
                throw error
            }
        }
    }

    /// The span belongs where the request's trace header says.
    private func traced(
        _ request: Request, _ context: LambdaRequestContext, _ route: APIExchange.Route,
        _ next: @concurrent (Request, LambdaRequestContext) async throws -> Response
    ) async throws -> Response {
        guard calls.tracer != nil else { return try await next(request, context) }
        return try await calls.hop(
            "\(route.method) \(route.path)", kind: .server, in: calls.context(of: request.headers[.amznTraceID])
        ) { span in
            let response = try await next(request, context)
            span?.attributes["http.response.status_code"] = Int(response.status.code)
            return response
        }
    }
}

/// One request and its answer, for whoever counts them.
package struct APIExchange: Sendable {
    package struct Route: Sendable, Hashable {
        package var method: String
        /// With names in the place of what varies: `/2015-03-31/functions/{FunctionName}`.
        package var path: String

        package init(method: String, path: String) {
            self.method = method
            self.path = path
        }

        static let unknown = Route(method: "(other)", path: "(other)")
    }

    package var route: Route
    package var status: Int
    /// From the request's head to the answer, its sending excluded.
    package var duration: Duration

    package init(route: Route, status: Int, duration: Duration) {
        self.route = route
        self.status = status
        self.duration = duration
    }
}
