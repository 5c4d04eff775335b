import Hummingbird
import Telemetry

/// What service managers and load balancers ask.
struct HealthRoute: RouteGroup {
    let health: @Sendable () async -> HealthReport

    func add(to router: Router<Context>) {
        router.get("healthz") { _, _ in
            let report = await health()
            return Response(
                status: HTTPResponse.Status(code: report.httpStatus), headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: report.json)))
        }
    }
}
