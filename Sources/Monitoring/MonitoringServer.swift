package import Hummingbird
package import LambdaAPI
package import Logging
internal import PrometheusMetrics
package import Telemetry

/// `/metrics` and `/healthz` on a port of their own, so that who may watch a server need not reach its API.
package struct MonitoringServer: Sendable {
    private let address: String
    private let port: Int
    private let hosts: AllowedHosts
    private let metrics: ServerMetrics
    private let gauges: ServerGauges
    private let health: @Sendable () async -> HealthReport
    private let logger: Logger

    package init(
        address: String, port: Int, hosts: AllowedHosts, metrics: ServerMetrics, gauges: ServerGauges,
        health: @escaping @Sendable () async -> HealthReport, logger: Logger
    ) {
        self.address = address
        self.port = port
        self.hosts = hosts
        self.metrics = metrics
        self.gauges = gauges
        self.health = health
        self.logger = logger
    }

    /// - Parameter onListening: called with the bound port.
    package func application(
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let router = Router()
        router.add(
            middleware: HostCheck(hosts) { _ in HTTPError(.forbidden, message: "not this host; see --allow-host") })
        router.get("metrics") { [metrics, gauges] _, _ in
            let families = (metrics.registry.collect() + (await gauges.collect())).sorted {
                $0.description.name < $1.description.name
            }
            return Response(
                status: .ok, headers: [.contentType: Exposition.contentType],
                body: ResponseBody(byteBuffer: ByteBuffer(string: Exposition.text(of: families))))
        }
        router.get("healthz") { [health] _, _ in
            let report = await health()
            return Response(
                status: HTTPResponse.Status(code: report.httpStatus), headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: report.json)))
        }
        let port = port
        var limits = ConnectionLimits()
        limits.connections = 64
        let front = HTTPFront(limits, logger: logger)
        return Application(
            router: router, server: front.server(),
            configuration: ApplicationConfiguration(address: .hostname(address, port: port)),
            onServerRunning: { channel in
                try? await front.began(channel)
                await onListening(channel.localAddress?.port ?? port)
            },
            logger: logger)
    }
}
