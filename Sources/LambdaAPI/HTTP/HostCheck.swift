import Hummingbird

/// Refuses requests for hosts that this server is not, see ``AllowedHosts``.
package struct HostCheck<Context: RequestContext>: RouterMiddleware {
    private let hosts: AllowedHosts
    private let refusal: @Sendable (String) -> any Error

    /// - Parameter refusal: the error for the host that was asked for.
    package init(_ hosts: AllowedHosts, refusal: @escaping @Sendable (String) -> any Error) {
        self.hosts = hosts
        self.refusal = refusal
    }

    package func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard hosts.contains(request.head.authority) else { throw refusal(request.head.authority ?? "") }
        return try await next(request, context)
    }
}
