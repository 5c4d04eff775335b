import ContainerImages
import FunctionModel
import FunctionStore
import Logging
import Sandboxes
import Snapshots
import SystemPackage
import TestSupport
import Worker

/// A worker over a fake engine, with real stores in a directory of its own.
struct WorkerFixture: Sendable {
    let directory: FilePath
    let engine: FakeEngine
    let files: FakeFiles
    let networks: FakeNetworks
    let time: ManualClock
    let store: SQLiteFunctionStore
    let worker: FunctionWorker

    static func with(
        _ script: FakeEngine.Script = FakeEngine.Script(), isolation: IsolationLevel = .microvm,
        maximumSandboxes: Int = 8,
        keepWarm: Duration = .seconds(300), readyClones: Int = 1, others: [EngineSelection.Deferred] = [],
        snapshots: (SnapshotStore) -> any SnapshotRepository = { $0 }, memory: MemorySource = .unlimited,
        snapStartPolicy: SnapStartPolicy = .aws, containers: any ContainerImageProvider = NoContainerImages(),
        _ body: (WorkerFixture) async throws -> Void
    ) async throws {
        try await withScratchDirectory { directory in
            let fixture = try Self.open(
                directory, FakeEngine(script, isolation: isolation), maximumSandboxes: maximumSandboxes,
                keepWarm: keepWarm,
                readyClones: readyClones, others: others, snapshots: snapshots, memory: memory,
                snapStartPolicy: snapStartPolicy, containers: containers)
            try await body(fixture)
            await fixture.worker.stop()
        }
    }

    /// Opens a server's state, as a start does.
    static func open(
        _ directory: FilePath, _ engine: FakeEngine, maximumSandboxes: Int = 8, keepWarm: Duration = .seconds(300),
        readyClones: Int = 1, others: [EngineSelection.Deferred] = [],
        snapshots: (SnapshotStore) -> any SnapshotRepository = { $0 },
        functions: (SQLiteFunctionStore) -> any FunctionStore = { $0 }, memory: MemorySource = .unlimited,
        snapStartPolicy: SnapStartPolicy = .aws, containers: any ContainerImageProvider = NoContainerImages()
    ) throws -> WorkerFixture {
        let (time, files, networks) = (ManualClock(), FakeFiles(), FakeNetworks())
        let store = try SQLiteFunctionStore(directory: directory)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let selection = EngineSelection(engine, others: others)
        var configuration = WorkerConfiguration(
            maximumSandboxes: maximumSandboxes, keepWarm: keepWarm, readyClones: readyClones,
            isolations: selection.available)
        configuration.snapStartPolicy = snapStartPolicy
        let worker = FunctionWorker(
            FunctionWorker.Parts(
                engine: selection, functions: functions(store), aliases: store, account: store, access: store,
                eventSources: store, concurrency: store, layers: store, events: store,
                snapshots: snapshots(try SnapshotStore(directory: directory.appending("snapshots"))), files: files,
                networks: networks, logs: LogFiles(directory: directory.appending("logs"), logger: logger),
                tokens: AuthorizationTokens(secret: [UInt8](repeating: 7, count: 32)),
                credentials: .placeholders(clock: time.clock),
                generations: try Generations(
                    at: directory.appending("generation"), wallClock: time.clock.wallClock(), logger: logger),
                clock: time.clock, memory: memory, containers: containers),
            configuration: configuration, logger: logger)
        return WorkerFixture(
            directory: directory, engine: engine, files: files, networks: networks, time: time, store: store,
            worker: worker)
    }

    // MARK: - What tests do

    /// What a client has sent.
    func upload(_ zip: String) throws -> CodeUpload {
        let upload = worker.control.beginUpload()
        try Array(zip.utf8).withUnsafeBytes { try upload.append($0) }
        return upload
    }

    @discardableResult
    func create(
        _ name: String = "f", snapStart: Bool = true, publish: Bool = false, settings: FunctionSettings = .init(),
        zip: String = "zip", tags: [String: String] = [:]
    ) async throws -> FunctionConfiguration {
        var settings = settings
        if snapStart { settings.snapStart = .publishedVersions }
        let code = try upload(zip)
        return try await worker.control.createFunction(
            CreateFunctionRequest(
                functionName: name, runtime: "python3.11", role: "arn:aws:iam::123456789012:role/r",
                handler: "app.handler", code: code, settings: settings, publish: publish, tags: tags))
    }

    /// Creates a function and publishes its first version; both are finished on return.
    func createPublished(
        _ name: String = "f", snapStart: Bool = true, settings: FunctionSettings = .init(), tags: [String: String] = [:]
    ) async throws {
        try await create(name, snapStart: snapStart, settings: settings, tags: tags)
        await settled()
        try await publish(name)
        await settled()
    }

    @discardableResult
    func publish(_ name: String = "f", revisionID: String? = nil) async throws -> FunctionConfiguration {
        try await worker.publishing.publishVersion(
            PublishVersionRequest(functionName: name, codeSha256: nil, description: nil, revisionID: revisionID))
    }

    @discardableResult
    func invoke(
        _ name: String = "f", _ qualifier: String? = "1", payload: String = "{}", id: String = "id-1",
        tail: Bool = false, type: InvokeRequest.InvocationType = .requestResponse
    ) async throws -> InvokeResponse {
        try await worker.invocations.invoke(
            InvokeRequest(
                reference: FunctionReference(name: name, qualifier: qualifier), requestID: id, type: type,
                logType: tail ? .tail : .none, clientContext: nil, payload: Array(payload.utf8)))
    }

    func configuration(_ name: String = "f", _ qualifier: String? = nil) async throws -> FunctionConfiguration {
        try await worker.control.functionConfiguration(FunctionReference(name: name, qualifier: qualifier))
    }

    /// Returns when nothing runs in the background.
    func settled() async { await worker.tasks.drain() }

    /// Returns when no sandbox is settling, while invocations may go on: these are not background work.
    func settledExceptInvocations() async { await worker.tasks.drain() }

    /// The snapshots on disk.
    func snapshots() throws -> [SnapshotID] { try worker.parts.snapshots.list() }

    /// Everything logged for a function, without the times.
    func logged(_ name: String = "f") async throws -> [String] {
        await worker.parts.logs.flush()
        return try LogDirectory.lines(directory.appending("logs").appending(name))
    }
}

extension InvokeResponse {
    var text: String { String(decoding: payload, as: UTF8.self) }
    var tailText: String { String(decoding: logTail ?? [], as: UTF8.self) }
}
