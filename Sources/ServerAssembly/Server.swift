import AWSClients
import BaseImages
import ContainerImages
import Foundation
import FunctionModel
import FunctionStore
import LambdaAPI
import LinuxKit
import Logging
import Monitoring
import NetworkModel
import Sandboxes
import ServiceLifecycle
import SlotNetwork
import UnixSignals
import Worker

/// A whole server in this process: engine, worker and API over one state directory.
package struct Server: Sendable {
    package let engine: EngineSelection
    private let slots: SlotPool
    package let worker: FunctionWorker
    private let functions: SQLiteFunctionStore
    private let containers: ContainerImageStore
    /// Nil where the images are not this server's alone.
    private let imageRetention: ImageRetention?
    /// So that nobody else takes a port while the server starts.
    private let reservations: [PortReservation]
    /// So that no other server's sandboxes are the same users.
    private let ids: SandboxIDClaim
    private let configuration: ServerConfiguration
    private let watch: ServerWatch
    private let gauges: ServerGauges
    private let reason: String
    private let slotCount: Int
    private let connectionLimits: ConnectionLimits
    private let authentication: Authentication
    private let fronts = BoundedServices()
    private let logger: Logger

    /// Puts the parts together and clears away what a dead server left. Nothing listens yet.
    ///
    /// - Parameters:
    ///   - host: the network namespace that slots lead to, when not this process's own. The API listens in this process's.
    ///   - around: what the worker gets in place of the engine, to see what it has the engine do.
    package static func make(
        _ configuration: ServerConfiguration, host: SharedDescriptor? = nil, logger: Logger,
        around: (any SandboxEngine) -> any SandboxEngine = { $0 }, observer: @escaping WorkerObserver = { _ in }
    ) async throws -> Server {
        let share = try ShareDirectory.installed()
        let openFiles = try OpenFileLimit.raise()
        let watch = try ServerWatch(configuration, logger: logger)
        let authentication = try Authentication.make(configuration)
        // First, so that whoever starts the same server twice is told that, and not that its port is in use.
        let stores = try await StateStores.open(configuration, share: share, logger: logger)
        let reservations = try PortReservation.take(configuration)
        let slotConfiguration = try slotConfiguration(configuration)
        let ids = try claimIDs(configuration, slots: slotConfiguration.count, logger)
        let findings = await EngineFindings.make(
            for: configuration.isolation, machines: configuration.hypervisor, directory: configuration.state.path,
            share: share, users: ids.users)
        findings.log(to: logger)
        let plan = IsolationPlan(configuration.isolation, on: findings.abilities)
        var limits = workerConfiguration(configuration)
        for level in plan.levels {
            limits.initLimits[level] = initLimit(configuration, level, findings.abilities.accelerator)
        }
        // Functions can be served while most of the slots are still being built.
        let slots = try await SlotPool.open(slotConfiguration, host: host, logger: logger)
        do {
            let (engine, reason) = try await EngineFactory(
                directory: configuration.state.sandboxes, instance: configuration.state.instance, slots: slots,
                users: ids.users, share: share, usesSeeds: configuration.usesSeeds, findings: findings,
                readyCells: readyCells(limits), templateMegabytes: configuration.templateMegabytes, logger: logger
            ).make(plan)
            limits.isolations = engine.available
            let worker = FunctionWorker(
                try parts(configuration, stores, share, around(watch.around(engine)), watch, logger, observer),
                configuration: limits, logger: logger)
            try await worker.recover()
            return Server(
                engine: engine, slots: slots, worker: worker, functions: stores.functions,
                containers: stores.containers, imageRetention: imageRetention(configuration, stores, logger),
                reservations: reservations,
                ids: ids, configuration: configuration, watch: watch,
                gauges: ServerGauges(
                    slots: slots, engine: engine, worker: worker, snapshots: stores.snapshots,
                    version: ShareDirectory.installedVersion()),
                reason: reason, slotCount: slotConfiguration.count,
                connectionLimits: connectionLimits(configuration, openFiles: openFiles), authentication: authentication,
                logger: logger)
        } catch {
            await slots.shutdown(keepingSlots: configuration.slots.keep)
            throw error
        }
    }

    private static func imageRetention(
        _ configuration: ServerConfiguration, _ stores: StateStores, _ logger: Logger
    ) -> ImageRetention? {
        guard configuration.images == nil else { return nil }
        return ImageRetention(
            images: stores.images, snapshots: configuration.state.snapshots, age: configuration.imageRetention,
            logger: logger)
    }

    private static func parts(
        _ configuration: ServerConfiguration, _ stores: StateStores, _ share: ShareDirectory,
        _ engine: any SandboxEngine, _ watch: ServerWatch, _ logger: Logger, _ observer: @escaping WorkerObserver
    ) throws -> FunctionWorker.Parts {
        FunctionWorker.Parts(
            engine: engine, functions: stores.functions, aliases: stores.functions, account: stores.functions,
            access: stores.functions, eventSources: stores.functions, concurrency: stores.functions,
            layers: stores.functions, events: stores.functions, snapshots: stores.snapshots,
            files: StoredFunctionFiles(
                store: stores.images, recipes: share.runtimeNames(), region: configuration.account.region),
            networks: configuration.state.networkStore(),
            logs: LogFiles(directory: configuration.state.logs, limits: configuration.logs, logger: logger),
            tokens: try AuthorizationTokens(secretAt: configuration.state.secret),
            credentials: .placeholders(clock: .system),
            generations: try Generations(
                at: configuration.state.generation, wallClock: WorkerClock.system.wallClock(), logger: logger),
            observer: watch.observer(observer), calls: watch.calls, memory: .host(),
            containers: stores.containers,
            aws: AWSConnection(
                try configuration.aws.configuration(
                    region: configuration.account.region, environment: ProcessInfo.processInfo.environment)))
    }

    /// What serves: run it until it ends, by `triggerGracefulShutdown()`.
    ///
    /// - Parameters:
    ///   - signals: end it, too.
    ///   - onListening: called with the bound port once requests are accepted.
    package func serviceGroup(
        signals: [UnixSignal] = [], onListening: @escaping @Sendable (Int) async -> Void
    ) -> ServiceGroup {
        let health = ServerHealth(functions: functions, slots: slots)
        var serving = LambdaServer.Configuration(
            address: configuration.address, port: configuration.port, allowedHosts: configuration.allowedHosts,
            scope: configuration.account,
            abilities: worker.control.abilities,
            strictLastUpdateStatus: configuration.strictLastUpdateStatus, health: { await health.report() },
            calls: watch.calls, observe: watch.exchangeObserver)
        serving.limits = connectionLimits
        serving.tls = authentication.tls
        serving.authenticator = authentication.authenticator
        serving.urlDomain = configuration.urlDomain
        let api = LambdaServer(service: worker.service, configuration: serving, logger: logger.quieter)
        var services: [any Service] = [fronts.add(api.application(onListening: onListening)), worker]
        let monitoring = watch.monitoring(
            configuration, gauges: gauges, health: { await health.report() }, logger: logger.quieter)
        // Before the API, so that it ends after it.
        if let monitoring {
            services.insert(fronts.add(monitoring.application(onListening: announceMetrics)), at: 0)
        }
        if let imageRetention { services.insert(imageRetention, at: 0) }
        // Services stop in reverse: the worker lets invocations end while the API can still deliver their answers.
        return ServiceGroup(
            services: services, gracefulShutdownSignals: signals,
            logger: logger.quieter)
    }

    /// Has a stop wait for nothing any more that it can end: invocations under way, clients and their connections.
    package func endAtOnce() {
        worker.endInvocations()
        fronts.hurry()
    }

    /// Says what is served where, to whoever reads the log and to the commands beside it.
    package func announce(port: Int) {
        let record = ServerRecord(
            stateDirectory: configuration.state.path, scheme: authentication.tls == nil ? "http" : "https",
            address: configuration.address, port: port, isolation: engine.isolation.rawValue)
        do {
            try record.write(instance)
            try authentication.localKey?.write(instance)
        } catch {
            logger.warning("`thaw slots` will not know this server", metadata: ["error": "\(error)"])
        }
        let others = engine.available.dropFirst().map { ", \($0.rawValue) by tag" }.joined()
        logger.notice(
            """
            serving \(record.url), isolation \(engine.isolation.rawValue)\(others) (\(reason)), \(slotCount) network slots, \
            state in \(configuration.state.path)
            """)
        authentication.announce(configuration, to: logger)
    }

    private func announceMetrics(port: Int) async {
        logger.notice("serving metrics at http://\(configuration.metricsAddress):\(port)/metrics")
    }

    /// Returns when what the next sandboxes find built ahead is there: the server is at rest then, if nothing else goes on.
    package func prepare() async {
        await engine.prepare()
        await slots.prepare()
    }

    /// Ends the slots and gives the state directory free for another server. Call once nothing runs any more.
    package func close() async throws {
        await slots.shutdown(keepingSlots: configuration.slots.keep)
        await watch.close()
        await containers.shutdown()
        try functions.close()
    }

    /// How `thaw slots` names it.
    package var instance: String { configuration.state.instance }
    /// Its virtual networks, which a command may change while it runs.
    package var networks: NetworkStore { configuration.state.networkStore() }
}
