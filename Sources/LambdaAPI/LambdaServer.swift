import Authorization
import FunctionModel
import Hummingbird
import Logging
import Telemetry
import Worker

/// The AWS Lambda API over HTTP: unmodified AWS clients on one side, a ``LambdaService`` on the other.
///
/// ```swift
/// let server = LambdaServer(service: worker.service, configuration: configuration, logger: logger)
/// let application = server.application { port in logger.info("listening", metadata: ["port": "\(port)"]) }
/// ServiceGroup(services: [worker, application], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
/// ```
/// Without users, signatures are looked at for their form only: whoever reaches the port is trusted, hence the loopback address
/// unless configured otherwise. Requests that a web page makes a browser send are refused, and on loopback those for other hosts.
package struct LambdaServer: Sendable {
    package struct Configuration: Sendable {
        /// Host name or IP address to listen on.
        package var address: String
        /// 0 lets the kernel choose; see `onListening`.
        package var port: Int
        package var hosts: AllowedHosts
        /// Nil speaks in the clear.
        package var tls: ServerTLS?
        /// Who may call; nil lets everybody.
        package var authenticator: Authenticator?
        /// Below which name function URLs are told, and answered; nil tells them by path.
        package var urlDomain: String? {
            didSet { if let urlDomain { hosts = hosts.allowing("*.\(urlDomain)") } }
        }
        package var limits = ConnectionLimits()
        package var scope: AccountScope
        package var abilities: ServerAbilities
        /// Leaves `LastUpdateStatus` out while a function is `Pending`, which is what AWS sends. Otherwise it is
        /// `InProgress`, because some versions of Terraform fail on its absence.
        package var strictLastUpdateStatus: Bool
        /// The answer to `GET /healthz`; must be quick.
        package var health: @Sendable () async -> HealthReport
        package var calls: CallTracer
        /// Hears of every exchange, on its way: it must return at once.
        package var observe: (@Sendable (APIExchange) -> Void)?

        package init(
            address: String = "127.0.0.1", port: Int = 9000, allowedHosts: [String] = [],
            scope: AccountScope = AccountScope(),
            abilities: ServerAbilities, strictLastUpdateStatus: Bool = true,
            health: @escaping @Sendable () async -> HealthReport = { HealthReport([.init("process")]) },
            calls: CallTracer = .off, observe: (@Sendable (APIExchange) -> Void)? = nil
        ) {
            self.address = address
            self.port = port
            hosts = AllowedHosts(listeningAt: address, others: allowedHosts)
            self.scope = scope
            self.abilities = abilities
            self.strictLastUpdateStatus = strictLastUpdateStatus
            self.health = health
            self.calls = calls
            self.observe = observe
        }

        var scheme: String { tls == nil ? "http" : "https" }
    }

    private let configuration: Configuration
    private let logger: Logger
    private let routes: Routes

    package init(service: LambdaService, configuration: Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        routes = Routes(service: service, configuration: configuration)
    }

    /// The server as a service. It stops accepting when graceful shutdown begins and ends once every open request has its
    /// answer; requests whose function still runs are the worker's to end.
    ///
    /// - Parameter onListening: called with the bound port as soon as requests are accepted.
    package func application(
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let configuredPort = configuration.port
        let front = HTTPFront(configuration.limits, logger: logger)
        return Application(
            responder: routes.router().buildResponder(),
            server: front.server(configuration.tls),
            configuration: ApplicationConfiguration(address: .hostname(configuration.address, port: configuredPort)),
            onServerRunning: { channel in
                // It fails only for a channel that is closed already.
                try? await front.began(channel)
                await onListening(channel.localAddress?.port ?? configuredPort)
            },
            logger: logger)
    }
}
