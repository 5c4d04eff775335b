import BaseImages
import Foundation
import FunctionModel
import FunctionStore
import LambdaAPI
import LinuxKit
import Logging
import MicroVMEngine
import NetworkModel
import Sandboxes
import ServiceLifecycle
import SlotNetwork
import Snapshots
import SystemPackage
import UnixSignals
import Worker

/// A whole server in this process: engine, worker and API over one state directory.
struct Server: Sendable {
    let engine: EngineSelection
    private let slots: SlotPool
    let worker: FunctionWorker
    private let functions: SQLiteFunctionStore
    /// So that nobody else takes the port while the server starts; nil where the kernel chooses it.
    private let reservation: PortReservation?
    private let options: ServerOptions
    private let reason: String
    private let slotCount: Int
    private let logger: Logger

    /// Puts the parts together and clears away what a dead server left. Nothing listens yet.
    ///
    /// - Parameters:
    ///   - imageDirectory: where the images are, when not in the state directory.
    ///   - host: the network namespace that slots lead to, when not this process's own. The API listens in this process's.
    ///   - around: what the worker gets in place of the engine, to see what it has the engine do.
    static func make(
        _ options: ServerOptions, images imageDirectory: FilePath? = nil, host: SharedDescriptor? = nil, logger: Logger,
        around: (any SandboxEngine) -> any SandboxEngine = { $0 }, observer: @escaping WorkerObserver = { _ in }
    ) async throws -> Server {
        let directory = options.state.directory
        let share = try ShareDirectory.installed()
        let functions = try openFunctions(directory)
        let reservation = try options.port == 0 ? nil : PortReservation.take(options.address, options.port)
        let snapshots = try SnapshotStore(directory: directory.appending("snapshots"))
        let images = ImageStore(directory: imageDirectory ?? options.state.images, share: share, logger: logger)
        await images.sweep()
        let slotConfiguration = try slotConfiguration(options)
        let findings = await EngineFindings.make(
            for: options.isolation, directory: directory, restorer: share.restorer)
        findings.log(to: logger)
        let plan = IsolationPlan(options.isolation, on: findings.abilities)
        var configuration = Self.configuration(options)
        for level in plan.levels {
            configuration.initLimits[level] = initLimit(options, level, findings.abilities.accelerator)
        }
        // Functions can be served while most of the slots are still being built.
        let slots = try await SlotPool.open(slotConfiguration, host: host, logger: logger)
        do {
            let (engine, reason) = try await EngineFactory(
                directory: directory.appending("sandboxes"), instance: Self.instance(of: directory), slots: slots,
                share: share, options: options, findings: findings, readyCells: Self.readyCells(configuration),
                logger: logger
            ).make(plan)
            configuration.isolations = engine.available
            let files = StoredFunctionFiles(store: images, recipes: share.runtimeNames(), region: options.region)
            let worker = FunctionWorker(
                FunctionWorker.Parts(
                    engine: around(engine), functions: functions, snapshots: snapshots, files: files,
                    networks: NetworkStore(directory: options.state.networks),
                    logs: LogFiles(directory: options.state.logs, logger: logger),
                    tokens: try AuthorizationTokens(secretAt: directory.appending("secret")),
                    credentials: .placeholders(clock: .system), observer: observer),
                configuration: configuration, logger: logger)
            try await worker.recover()
            return Server(
                engine: engine, slots: slots, worker: worker, functions: functions, reservation: reservation,
                options: options, reason: reason, slotCount: slotConfiguration.count, logger: logger)
        } catch {
            await slots.shutdown(keepingSlots: options.keepSlots)
            throw error
        }
    }

    private static func openFunctions(_ directory: FilePath) throws -> SQLiteFunctionStore {
        do throws(FunctionStoreError) { return try SQLiteFunctionStore(directory: directory) } catch {
            guard error.code == .inUse else { throw error }
            let record = ServerRecord.read(instance(of: directory))
            throw ServerError.stateInUse(directory, by: record?.isRunning == true ? record : nil)
        }
    }

    /// What serves: run it until it ends, by `triggerGracefulShutdown()`.
    ///
    /// - Parameters:
    ///   - signals: end it, too.
    ///   - onListening: called with the bound port once requests are accepted.
    func serviceGroup(
        signals: [UnixSignal] = [], onListening: @escaping @Sendable (Int) async -> Void
    ) -> ServiceGroup {
        let api = LambdaServer(
            service: worker,
            configuration: LambdaServer.Configuration(
                address: options.address, port: options.port, scope: options.account, abilities: worker.abilities,
                strictLastUpdateStatus: options.strictLastUpdateStatus),
            logger: logger.quieter)
        // Services stop in reverse: the worker lets invocations end while the API can still deliver their answers.
        return ServiceGroup(
            services: [api.application(onListening: onListening), worker], gracefulShutdownSignals: signals,
            logger: logger.quieter)
    }

    /// Says what is served where, to whoever reads the log and to the commands beside it.
    func announce(port: Int) {
        let directory = options.state.directory
        let record = ServerRecord(
            stateDirectory: directory, address: options.address, port: port, isolation: engine.isolation.rawValue)
        do { try record.write(instance) } catch {
            logger.warning("`thaw slots` will not know this server", metadata: ["error": "\(error)"])
        }
        let others = engine.available.dropFirst().map { ", \($0.rawValue) by tag" }.joined()
        logger.notice(
            """
            serving \(record.url), isolation \(engine.isolation.rawValue)\(others) (\(reason)), \(slotCount) network slots, \
            state in \(directory)
            """)
    }

    /// Returns when what the next sandboxes find built ahead is there: the server is at rest then, if nothing else goes on.
    func prepare() async {
        await engine.prepare()
        await slots.prepare()
    }

    /// Ends the slots and gives the state directory free for another server. Call once nothing runs any more.
    func close() async throws {
        await slots.shutdown(keepingSlots: options.keepSlots)
        try functions.close()
    }

    /// How `thaw slots` names it.
    var instance: String { Self.instance(of: options.state.directory) }
    /// Its virtual networks, which a command may change while it runs.
    var networks: NetworkStore { NetworkStore(options.state) }

    // MARK: - Parts

    private static func configuration(_ options: ServerOptions) -> WorkerConfiguration {
        var configuration = WorkerConfiguration(account: options.account)
        configuration.maximumSandboxes = options.maximumSandboxes
        configuration.keepWarm = .seconds(options.keepWarmSeconds)
        configuration.readyClones = options.readyClones
        configuration.restoreLimit = .seconds(options.restoreLimitSeconds)
        configuration.drainLimit = .seconds(options.drainSeconds)
        return configuration
    }

    /// AWS's limit is for AWS's processors; emulated ones are many times slower.
    private static func initLimit(
        _ options: ServerOptions, _ level: IsolationLevel, _ accelerator: Accelerator
    ) -> Duration {
        if let seconds = options.initLimitSeconds { return .seconds(seconds) }
        return switch (level, accelerator) {
        case (.process, _), (.microvm, .kvm): .seconds(Limits.initSeconds)
        case (.microvm, .tcg): .seconds(130)
        }
    }

    /// How the slots of a server with these options are built.
    static func slotConfiguration(_ options: ServerOptions) throws -> SlotConfiguration {
        let instance = instance(of: options.state.directory)
        var slots = SlotConfiguration(
            count: try slotCount(options, configuration(options)), instance: instance,
            directory: SlotConfiguration.directory(ofInstance: instance))
        slots.layout = options.slots.layout
        slots.ranges = options.slots.ranges
        slots.egress = options.slots.egress
        slots.nameServer = options.slots.nameServer.address()
        slots.tunnelPort = UInt16(clamping: options.slots.tunnelPort)
        // Mbit/s, as network people count.
        slots.bytesPerSecond = options.slots.rate.map { UInt64($0) * 125_000 }
        return slots
    }

    /// Every sandbox that can exist at a time has a network: those that serve, those prepared ahead, those being frozen, and
    /// the cells that wait for the next. More would never be used.
    private static func slotCount(_ options: ServerOptions, _ configuration: WorkerConfiguration) throws -> Int {
        let needed =
            configuration.maximumSandboxes + configuration.readyClones * configuration.maximumReadyVersions
            + configuration.concurrentPublishes + readyCells(configuration) + 2
        let count = options.slots.count ?? needed
        guard count >= needed else { throw ServerError.tooFewSlots(given: count, needed: needed) }
        return count
    }

    /// As many as may be claimed at once, as far as that is a burst and not a steady state.
    private static func readyCells(_ configuration: WorkerConfiguration) -> Int {
        min(configuration.maximumSandboxes, 64)
    }

    /// Names this state directory's cgroups and network slots: the same at every start, another one for another directory. FNV-1a.
    static func instance(of directory: FilePath) -> String {
        let hash = directory.string.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return String(hash, radix: 36)
    }
}

extension Logger {
    /// For parts that say at each start and stop what the server itself says once.
    fileprivate var quieter: Logger {
        var logger = self
        if logLevel == .info { logger.logLevel = .notice }
        return logger
    }
}

enum ServerError: Error, CustomStringConvertible {
    case tooFewSlots(given: Int, needed: Int)
    case notRoot
    case notListening
    case addressInUse(String, Int)
    case cannotListen(String, Int, String)
    case stateInUse(FilePath, by: ServerRecord?)
    case noExample(String, FilePath)

    var description: String {
        switch self {
        case .tooFewSlots(let given, let needed):
            "\(given) network slots are too few: --max-sandboxes and --ready need \(needed). Raise --slots, or lower those."
        case .noExample(let name, let directory):
            "there is no example \(name) in \(directory). Run `make build`, or give the name of a directory there."
        case .notListening: "the server ended before it listened"
        case .addressInUse(let address, let port):
            "\(address):\(port) is in use. Stop what listens there, or choose another --port."
        case .cannotListen(let address, let port, let why):
            "cannot listen at \(address):\(port): \(why). Choose another --address or --port."
        case .stateInUse(let directory, let record):
            """
            \(directory) is in use by \(record.map { "the server at \($0.url), process \($0.process)" } ?? "another server"). \
            Stop that, or give this one a --state-dir, a --port and a --tunnel-port of its own.
            """
        case .notRoot: "sandboxes in namespaces of their own need root. Run the command as root, or with sudo."
        }
    }
}
