package import AWSClients
internal import Basics
package import ContainerImages
internal import FunctionModel
package import FunctionStore
package import Logging
package import Sandboxes
import ServiceLifecycle
package import Snapshots
package import Telemetry

/// The functions of one host. Wires the rooms that keep them, publish their versions and serve their invocations, and runs what
/// goes on without a request.
///
/// Call ``recover()`` once, then ``run()``.
package final class FunctionWorker: Service {
    /// What a worker is made of. The engine sees no function, the store no sandbox: they meet here.
    package struct Parts: Sendable {
        package var engine: any SandboxEngine
        package var functions: any FunctionStore
        package var aliases: any AliasStore
        package var account: any AccountStore
        package var access: any AccessStore
        package var eventSources: any EventSourceStore
        package var concurrency: any ConcurrencyStore
        package var layers: any LayerStore
        package var events: any EventStore
        package var snapshots: any SnapshotRepository
        package var files: any FunctionFiles
        package var containers: any ContainerImageProvider
        package var networks: any NetworkCatalog
        package var logs: LogFiles
        package var tokens: AuthorizationTokens
        package var credentials: CredentialsSource
        package var generations: Generations
        package var clock: WorkerClock
        package var observer: WorkerObserver
        package var calls: CallTracer
        package var memory: MemorySource
        /// Other services of AWS, where the server knows some.
        package var aws: AWSConnection

        package init(
            engine: any SandboxEngine, functions: any FunctionStore, aliases: any AliasStore,
            account: any AccountStore, access: any AccessStore, eventSources: any EventSourceStore,
            concurrency: any ConcurrencyStore, layers: any LayerStore, events: any EventStore,
            snapshots: any SnapshotRepository,
            files: any FunctionFiles,
            networks: any NetworkCatalog, logs: LogFiles, tokens: AuthorizationTokens, credentials: CredentialsSource,
            generations: Generations, clock: WorkerClock = .system, observer: @escaping WorkerObserver = { _ in },
            calls: CallTracer = .off, memory: MemorySource = .unlimited,
            containers: any ContainerImageProvider = NoContainerImages(),
            aws: AWSConnection = AWSConnection(AWSConfiguration(region: "us-east-1"))
        ) {
            self.engine = engine
            self.functions = functions
            self.aliases = aliases
            self.account = account
            self.access = access
            self.eventSources = eventSources
            self.concurrency = concurrency
            self.layers = layers
            self.events = events
            self.snapshots = snapshots
            self.files = files
            self.containers = containers
            self.networks = networks
            self.logs = logs
            self.tokens = tokens
            self.credentials = credentials
            self.generations = generations
            self.clock = clock
            self.observer = observer
            self.calls = calls
            self.memory = memory
            self.aws = aws
        }
    }

    package let control: FunctionControl
    package let aliases: AliasControl
    package let layers: LayerControl
    private let account: AccountControl
    private let settings: FunctionSettingControl
    package let access: AccessControl
    package let concurrency: ConcurrencyControl
    package let eventConfigurations: EventInvokeControl
    /// What clients have sent as events, and who tries them.
    package let events: EventQueue
    package let dispatcher: EventDispatcher
    package let publishing: PublishPipeline
    package let invocations: InvocationPath
    package let eventSources: EventSourceControl
    package let parts: Parts
    package let pool: SandboxPool
    package let tasks = BackgroundTasks()
    private let polling: EventSourcePolling
    private let recovery: Recovery
    package let upkeep: SnapshotUpkeep
    private let eviction: IdleEviction
    private let relief: MemoryRelief
    private let drain: Drain
    private let retention: LogRetention
    private let stopBegan = Outcome<Void>()
    private let stopEnded = Outcome<Void>()

    package init(_ parts: Parts, configuration: WorkerConfiguration, logger: Logger) {
        self.parts = parts
        let (engine, clock) = (parts.engine, parts.clock)
        // What both a publish and an invocation use.
        let functions = FunctionCatalog(
            store: parts.functions, aliases: parts.aliases, account: configuration.account)
        let containers = ContainerRoots(parts.containers, logger: logger)
        let images = FunctionImages(files: parts.files, functions: functions, containers: containers)
        let ready = ReadyVersions(
            engine: engine, count: configuration.readyClones, maximumVersions: configuration.maximumReadyVersions)
        let snapshots = SnapshotCatalog(
            store: parts.snapshots, functions: functions, images: images, ready: ready, logger: logger)
        let placement = Placement(functions: functions, networks: parts.networks, defaultLevel: engine.isolation)
        let identity = SandboxIdentity(credentials: parts.credentials, clock: clock, generations: parts.generations)
        let specifications = SpecificationWriter(
            images: images, identity: identity,
            environment: RuntimeEnvironment(region: configuration.account.region))
        let logs = FunctionLogs(files: parts.logs, clock: clock)
        pool = SandboxPool(limit: configuration.maximumSandboxes, clock: clock, tasks: tasks)
        let admission = Admission(configuration.concurrency)
        // The rest is left to those who wait for an answer.
        events = EventQueue(
            store: parts.events, limit: configuration.maximumSandboxes - configuration.maximumSandboxes / 4,
            clock: clock)

        publishing = PublishPipeline(
            engine: engine, functions: functions, images: images, placement: placement, specifications: specifications,
            logs: logs, store: parts.snapshots, snapshots: snapshots, ready: ready, tokens: parts.tokens,
            configuration: configuration, clock: clock, tasks: tasks,
            gate: Gate(limit: configuration.concurrentPublishes), observe: parts.observer, calls: parts.calls,
            logger: logger)
        let uses = SnapshotUses()
        let renewal = SnapshotRenewal(
            functions: functions, snapshots: snapshots, publishing: publishing, logger: logger)
        relief = MemoryRelief(
            budget: HostMemoryBudget(parts.memory.now, recent: parts.memory.recent), pool: pool, engine: engine,
            clock: clock,
            logger: logger)
        let source = SandboxSource(
            placement: placement, pool: pool,
            starter: SandboxStarter(
                engine: engine, images: images, specifications: specifications, identity: identity,
                tokens: parts.tokens, logs: logs, clock: clock, configuration: configuration),
            snapshots: snapshots, renewal: renewal, uses: uses, memory: relief, clock: clock)
        invocations = InvocationPath(
            functions: functions, admission: admission, events: events, pool: pool, source: source, renewal: renewal,
            ready: ready, tasks: tasks, clock: clock, observe: parts.observer, calls: parts.calls)
        let code = CodeIntake(functions: functions, files: parts.files, s3: S3Client(parts.aws), logger: logger)
        layers = LayerControl(
            store: parts.layers, code: code, account: configuration.account, clock: clock)
        control = FunctionControl(
            functions: functions, admission: admission, images: images, networks: parts.networks,
            publishing: publishing,
            pruning: Pruning(
                functions: functions, admission: admission, files: parts.files, pool: pool, memory: relief.budget,
                snapshots: snapshots, containers: containers,
                logger: logger),
            code: code, layers: layers, isolations: configuration.isolations, defaultLevel: engine.isolation,
            clock: clock,
            logger: logger)
        aliases = AliasControl(functions: functions)
        access = AccessControl(functions: functions, store: parts.access, clock: clock)
        let sqs = SQSClient(parts.aws)
        polling = EventSourcePolling(
            sqs: sqs,
            delivery: QueuePoller.Delivery(
                invocations: invocations, clock: clock,
                concurrency: (max(configuration.maximumSandboxes / 2, 1), configuration.maximumSandboxes)),
            logger: logger)
        eventSources = EventSourceControl(
            functions: functions, store: parts.eventSources, polling: polling, sqs: sqs, tasks: tasks, clock: clock,
            logger: logger)
        let allowsSnapStart = configuration.snapStartPolicy == .open
        concurrency = ConcurrencyControl(
            functions: functions, store: parts.concurrency, admission: admission,
            provisioned: ProvisionedSandboxes(
                functions: functions, store: parts.concurrency, admission: admission, source: source,
                allowsSnapStart: allowsSnapStart, tasks: tasks, logger: logger),
            allowsSnapStart: allowsSnapStart, clock: clock)
        account = AccountControl(
            store: parts.account, account: configuration.account, concurrency: concurrency, clock: clock)
        settings = FunctionSettingControl(functions: functions, store: parts.account, account: account)
        eventConfigurations = EventInvokeControl(
            functions: functions, store: parts.events, targets: configuration.eventTargets, clock: clock)
        dispatcher = EventDispatcher(
            queue: events, functions: functions, invocations: invocations, admission: admission,
            sender: EventSender(account: configuration.account, aws: parts.aws, targets: configuration.eventTargets),
            tasks: tasks, logger: logger)
        recovery = Recovery(
            engine: engine, store: parts.functions, snapshotStore: parts.snapshots, functions: functions,
            publishing: publishing, renewal: renewal, tasks: tasks, logger: logger)
        upkeep = SnapshotUpkeep(
            functions: functions, settings: settings, images: images, store: parts.snapshots, snapshots: snapshots,
            pool: pool, uses: uses, publishing: publishing, retention: configuration.snapshotRetention, tasks: tasks,
            clock: clock, logger: logger)
        eviction = IdleEviction(pool: pool, keepWarm: configuration.keepWarm, clock: clock)
        retention = LogRetention(functions: functions, files: parts.logs, clock: clock, logger: logger)
        drain = Drain(pool: pool, limit: configuration.drainLimit, clock: clock, logger: logger)
    }

    /// What the API asks of this worker.
    package var service: LambdaService {
        let functions = control.functions
        let logs = LogArchive(files: parts.logs) { name in
            try? await functions.configuration(VersionKey(name, .latest))?.logGroup
        }
        return LambdaService(
            functions: control, aliases: aliases, permissions: access, urls: access, concurrency: concurrency,
            provisioned: concurrency,
            eventConfigurations: eventConfigurations, account: account, settings: settings, tags: control,
            versions: publishing, invocations: invocations, layers: layers, eventSources: eventSources, sandboxes: pool,
            logs: logs)
    }

    /// Clears away what a server that died left, and takes up what it had begun. Call once, before serving.
    package func recover() async throws {
        await control.pruning.pruneContainers()
        try await recovery.recover()
        try await concurrency.recover()
        try await eventSources.recover()
    }

    /// Tries events, evicts idle sandboxes, watches the host's memory, looks after snapshots and keeps logs within their limits until
    /// shutdown begins, then lets what is under way end, and ends everything.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            async let watching: Void = self.relief.run(self.parts.memory.beats())
            async let keeping: Void = self.retention.run()
            async let dispatching: Void = self.dispatcher.run()
            async let tending: Void = self.upkeep.run()
            await self.eviction.run()
            await watching
            await keeping
            await dispatching
            await tending
        }
        await stop()
    }

    /// Ends the worker: no sandbox and no task of it is left afterwards. Safe to call twice, at the same time too.
    package func stop() async {
        guard stopBegan.settle() else { return await stopEnded.wait() }
        defer { stopEnded.settle() }
        polling.close()
        pool.close()
        await drain.run()
        // Publishes are not worth waiting for: the next start resumes them.
        tasks.cancelAll()
        await parts.engine.shutdown()
        await tasks.drain()
        await polling.drain()
        await events.close()
        await parts.aws.shutdown()
        await parts.logs.stop()
    }

    /// Gives the host back what no invocation needs, if memory is short.
    package func relieve() async { await relief.relieve() }

    /// Ends invocations under way as soon as a stop begins, or now when one has begun.
    package func endInvocations() { drain.hurry() }
}
