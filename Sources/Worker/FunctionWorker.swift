internal import FunctionModel
package import FunctionStore
package import Logging
package import Sandboxes
import ServiceLifecycle
package import Snapshots

/// The functions of one host: keeps them, publishes their versions, serves their invocations.
///
/// Call ``recover()`` once, then ``run()``. The parts each do one job: ``FunctionCatalog`` knows the functions,
/// ``Publisher`` makes snapshots, ``Invoker`` serves, ``SandboxPool`` knows who is free, ``LogFiles`` writes.
package final class FunctionWorker: LambdaService, Service {
    /// What a worker is made of. The engine sees no function, the store no sandbox: they meet here.
    package struct Parts: Sendable {
        package var engine: any SandboxEngine
        package var functions: any FunctionStore
        package var snapshots: SnapshotStore
        package var files: any FunctionFiles
        package var networks: any NetworkCatalog
        package var logs: LogFiles
        package var tokens: AuthorizationTokens
        package var credentials: CredentialsSource
        package var clock: WorkerClock
        package var observer: WorkerObserver

        package init(
            engine: any SandboxEngine, functions: any FunctionStore, snapshots: SnapshotStore, files: any FunctionFiles,
            networks: any NetworkCatalog, logs: LogFiles, tokens: AuthorizationTokens, credentials: CredentialsSource,
            clock: WorkerClock = .system, observer: @escaping WorkerObserver = { _ in }
        ) {
            self.engine = engine
            self.functions = functions
            self.snapshots = snapshots
            self.files = files
            self.networks = networks
            self.logs = logs
            self.tokens = tokens
            self.credentials = credentials
            self.clock = clock
            self.observer = observer
        }
    }

    let parts: Parts
    let configuration: WorkerConfiguration
    let logger: Logger
    let catalog: FunctionCatalog
    let snapshots: SnapshotCatalog
    let ready: ReadyClones
    let pool: SandboxPool
    let invoker: Invoker
    let publisher: Publisher
    let maker: SandboxMaker
    let tasks = BackgroundTasks()
    let publishGate: Gate
    /// Ends the wait for what runs when a stop begins: true when nothing runs any more.
    private let drained = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingOldest(1))

    package init(_ parts: Parts, configuration: WorkerConfiguration, logger: Logger) {
        self.parts = parts
        self.configuration = configuration
        self.logger = logger
        catalog = FunctionCatalog(store: parts.functions, account: configuration.account)
        snapshots = SnapshotCatalog(store: parts.snapshots, functions: catalog, files: parts.files)
        ready = ReadyClones(
            engine: parts.engine, count: configuration.readyClones,
            maximumVersions: configuration.maximumReadyVersions)
        pool = SandboxPool(limit: configuration.maximumSandboxes, clock: parts.clock, tasks: tasks)
        maker = SandboxMaker(
            engine: parts.engine, files: parts.files, functions: catalog, networks: parts.networks,
            tokens: parts.tokens, credentials: parts.credentials, logs: parts.logs, clock: parts.clock,
            configuration: configuration, observe: parts.observer)
        invoker = Invoker(
            pool: pool, maker: maker, snapshots: snapshots, ready: ready, tasks: tasks, clock: parts.clock,
            account: configuration.account)
        publisher = Publisher(
            engine: parts.engine, maker: maker, store: parts.snapshots, tokens: parts.tokens,
            configuration: configuration, clock: parts.clock)
        publishGate = Gate(limit: configuration.concurrentPublishes)
    }

    /// Evicts idle sandboxes until shutdown begins, then lets what is under way end, and ends everything.
    package func run() async throws {
        let eviction = IdleEviction(pool: pool, keepWarm: configuration.keepWarm, clock: parts.clock)
        await cancelWhenGracefulShutdown { await eviction.run() }
        await stop()
    }

    /// Ends the worker: no sandbox and no task of it is left afterwards.
    package func stop() async {
        pool.close()
        await drain()
        // Publishes are not worth waiting for: the next start resumes them.
        tasks.cancelAll()
        await parts.engine.shutdown()
        await tasks.drain()
        await parts.logs.stop()
    }

    /// Ends invocations under way as soon as a stop begins, or now when one has begun.
    package func endInvocations() { drained.continuation.yield(false) }

    /// Waits for the invocations under way, but no longer than the drain limit.
    private func drain() async {
        tell(.notice, "waiting for invocations under way", ["limit": "\(configuration.drainLimit)"])
        let emptied = Task { [pool, drained] in
            await pool.waitUntilEmpty()
            drained.continuation.yield(true)
        }
        let timer = Task { [clock = parts.clock, limit = configuration.drainLimit, drained] in
            do { try await clock.sleep(limit) } catch { return }
            drained.continuation.yield(false)
        }
        for await isEmpty in drained.stream {
            if !isEmpty { tell(.warning, "invocations still under way are ended") }
            break
        }
        timer.cancel()
        // Not waited for: the engine's shutdown is what lets it end.
        emptied.cancel()
    }

    /// Says something of what runs, if anything does.
    private func tell(_ level: Logger.Level, _ text: Logger.Message, _ more: Logger.Metadata = [:]) {
        let running = pool.running
        guard running.count > 0 else { return }
        let names = running.functions.map { "\($0.functionName):\($0.version)" }.sorted()
        logger.log(
            level: level, text,
            metadata: more.merging(
                ["count": "\(running.count)", "functions": "\(names.joined(separator: " "))"], uniquingKeysWith: { $1 })
        )
    }
}
