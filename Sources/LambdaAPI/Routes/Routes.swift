import FunctionModel
import Hummingbird
import Worker

/// Some actions of the API, in a file of their own; takes the part of the service that answers them.
protocol RouteGroup: Sendable {
    typealias Context = LambdaRequestContext

    func add(to router: Router<Context>)
}

/// All actions of the API.
///
/// Paths are those of AWS's service model (`2015-03-31`); a slash at the end is taken too, as older models have one.
struct Routes: Sendable {
    private let invoking: InvokeRoute
    private let groups: [any RouteGroup]
    private let calls: CallMiddleware
    private let hosts: AllowedHosts
    private let urls: FunctionURLMiddleware
    private let authorization: AuthorizationMiddleware?

    init(service: LambdaService, configuration: LambdaServer.Configuration) {
        calls = CallMiddleware(calls: configuration.calls, observe: configuration.observe)
        hosts = configuration.hosts
        urls = FunctionURLMiddleware(
            urls: service.urls, invocations: service.invocations, hosts: configuration.hosts,
            scope: configuration.scope, authenticator: configuration.authenticator, scheme: configuration.scheme,
            port: configuration.port, calls: configuration.calls)
        let addressing = Addressing(scope: configuration.scope)
        let abilities = configuration.abilities
        let location = CodeLocation(
            address: configuration.address, port: configuration.port, scheme: configuration.scheme,
            region: configuration.scope.region)
        authorization = configuration.authenticator.map {
            AuthorizationMiddleware(
                authenticator: $0, permissions: service.permissions, scope: configuration.scope)
        }
        let wire = WireFormat(scope: configuration.scope, strictLastUpdateStatus: configuration.strictLastUpdateStatus)
        invoking = InvokeRoute(invocations: service.invocations, addressing: addressing, calls: configuration.calls)
        groups = [
            CreateFunctionRoute(
                functions: service.functions, scope: configuration.scope, abilities: abilities, wire: wire),
            FunctionReadRoutes(
                functions: service.functions, addressing: addressing, codeLocation: location, wire: wire),
            FunctionCodeRoute(
                functions: service.functions, addressing: addressing, location: location,
                needsSignature: configuration.authenticator != nil),
            FunctionUpdateRoutes(
                functions: service.functions, addressing: addressing, abilities: abilities, wire: wire),
            DeleteFunctionRoute(functions: service.functions, addressing: addressing),
            VersionRoutes(
                versions: service.versions, functions: service.functions, addressing: addressing, wire: wire),
            AliasRoutes(aliases: service.aliases, addressing: addressing),
            AccountRoutes(account: service.account, addressing: addressing),
            FunctionSettingRoutes(settings: service.settings, addressing: addressing),
            PermissionRoutes(permissions: service.permissions, addressing: addressing),
            FunctionURLRoutes(urls: service.urls, addressing: addressing, addresses: configuration.urlAddresses),
            EventSourceRoutes(eventSources: service.eventSources, addressing: addressing),
            TagRoutes(
                tags: service.tags, eventSources: service.eventSources, functions: service.functions,
                addressing: addressing, abilities: abilities),
            ConcurrencyRoutes(concurrency: service.concurrency, addressing: addressing),
            ProvisionedConcurrencyRoutes(provisioned: service.provisioned, addressing: addressing),
            EventInvokeConfigRoutes(configurations: service.eventConfigurations, addressing: addressing),
            LayerRoutes(
                layers: service.layers, functions: service.functions, addressing: addressing, location: location,
                needsSignature: configuration.authenticator != nil),
            UnservedRoutes(),
            LogsRoute(logs: service.logs, scope: configuration.scope),
            SandboxRoute(sandboxes: service.sandboxes),
            HealthRoute(health: configuration.health),
        ]
    }

    func router() -> Router<LambdaRequestContext> {
        let router = Router(context: LambdaRequestContext.self)
        router.add(middleware: calls)
        router.add(middleware: ErrorMiddleware())
        router.add(middleware: urls)
        router.add(middleware: HostCheck(hosts) { LambdaError.foreignHost($0) })
        router.add(middleware: ClientCheck(checksSignatures: authorization == nil))
        if let authorization { router.add(middleware: authorization) }
        invoking.add(to: router)
        // A router's middleware is passed by what was added after it.
        router.add(middleware: ModelCheck())
        for group in groups { group.add(to: router) }
        return router
    }
}
