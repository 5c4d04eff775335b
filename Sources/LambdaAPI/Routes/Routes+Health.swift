import Hummingbird
import Telemetry

/// What service managers and load balancers ask.
extension Routes {
    func addHealth(to router: Router<Context>) {
        router.get("healthz") { _, _ in
            let report = await configuration.health()
            return Response(
                status: HTTPResponse.Status(code: report.httpStatus), headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: report.json)))
        }
    }
}
