import Basics
import Foundation
import FunctionModel
import GuestProtocol
import LinuxKit
import Logging
import Sandboxes
import SlotNetwork
import Synchronization
import SystemPackage
import Worker

/// Runs a container image's init once, on a server of its own that nobody can call, and tells what it did.
package struct ImageTrial: Sendable {
    package struct Result: Sendable {
        package var image: FunctionImage
        /// Bytes of the root file system.
        package var rootBytes: Int64?
        /// How long the image took to be pulled and flattened.
        package var making: Duration
        /// Of the init: how long, and the Runtime API call in which it ended; nil: it did not end so.
        package var initialization: (duration: Duration, call: ReadyCall)?
        /// Why there is no snapshot; nil: one was taken.
        package var failure: StateReason?
        /// What the image wrote.
        package var output: [UInt8]
    }

    private let configuration: ServerConfiguration
    private let directory: FilePath
    private let memoryMegabytes: Int
    private let logger: Logger

    /// - Parameters:
    ///   - state: whose base images lend a kernel; the trial's own state is in a directory in it, and gone afterwards.
    ///   - memoryMegabytes: of the function.
    package init(
        in state: StateDirectory, containers: ContainerChoice, isolation: Isolation, memoryMegabytes: Int,
        logger: Logger
    ) {
        directory = state.path.appending("try.\(UInt64.random(in: .min ... .max))")
        var configuration = ServerConfiguration(state: StateDirectory(directory.string))
        configuration.images = state.images
        configuration.containers = containers
        configuration.isolation = isolation
        configuration.port = 0
        // A function without a network mode may send nowhere.
        configuration.slots.egress = .none
        configuration.readyClones = 0
        configuration.usesSeeds = false
        configuration.maximumSandboxes = 1
        self.configuration = configuration
        self.memoryMegabytes = memoryMegabytes
        self.logger = logger
    }

    package func run(_ uri: String) async throws -> Result {
        let directory = directory
        try await BlockingThread.run { () throws(Errno) in try DurableFile.makeDirectory(directory) }
        defer { try? FileManager.default.removeItem(atPath: directory.string) }
        let watch = TrialWatch()
        let server = try await Server.make(
            configuration, logger: logger, around: { TrialEngine(engine: $0, watch: watch) })
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await run(uri, on: server.worker, watch)) } catch { outcome = .failure(error) }
        await server.worker.stop()
        try await server.close()
        return try outcome.get()
    }

    private static let name = "trial"

    private func run(_ uri: String, on worker: FunctionWorker, _ watch: TrialWatch) async throws -> Result {
        let began = ContinuousClock.now
        let created = try await worker.control.createFunction(
            CreateFunctionRequest(
                functionName: Self.name, runtime: "", role: "arn:aws:iam::123456789012:role/trial", handler: "",
                code: worker.control.beginUpload(),
                settings: FunctionSettings(memorySize: memoryMegabytes, snapStart: .publishedVersions),
                publish: false, tags: [:], imageURI: uri))
        guard let image = created.image else { throw LambdaError.imageMissing("trying") }
        await worker.tasks.drain()
        var result = Result(
            image: image, rootBytes: nil, making: ContinuousClock.now - began, initialization: nil, failure: nil,
            output: [])
        let root = configuration.state.containers.appending("roots").appending("\(image.digest).erofs")
        result.rootBytes = (try? FileStatus.of(root)).map(\.size)
        if case .failed(let reason) = try await state(of: nil, worker) {
            result.failure = reason
            return result
        }
        _ = try await worker.publishing.publishVersion(
            PublishVersionRequest(functionName: Self.name, codeSha256: nil, description: nil, revisionID: nil))
        await worker.tasks.drain()
        if case .failed(let reason) = try await state(of: "1", worker) { result.failure = reason }
        (result.initialization, result.output) = watch.seen
        return result
    }

    private func state(of qualifier: String?, _ worker: FunctionWorker) async throws -> FunctionState {
        try await worker.control.functionConfiguration(FunctionReference(name: Self.name, qualifier: qualifier)).state
    }
}

/// What a trial's engine has seen.
private final class TrialWatch: Sendable {
    private struct State {
        var initialization: (duration: Duration, call: ReadyCall)?
        var output: [UInt8] = []
    }

    private static let most = 65_536
    private let state = Mutex(State())

    var seen: (initialization: (duration: Duration, call: ReadyCall)?, output: [UInt8]) {
        state.withLock { ($0.initialization, $0.output) }
    }

    func note(_ call: ReadyCall, after duration: Duration) { state.withLock { $0.initialization = (duration, call) } }

    func note(_ output: Output) {
        state.withLock { $0.output += output.bytes.prefix(max(0, Self.most - $0.output.count)) }
    }
}

/// An engine whose inits are watched.
private struct TrialEngine: WrappingEngine {
    let engine: any SandboxEngine
    let watch: TrialWatch

    var isolation: IsolationLevel { engine.isolation }

    func start(
        _ specification: SandboxSpecification, deadline: Deadline, output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        let began = ContinuousClock.now
        let sandbox = try await engine.start(specification, deadline: deadline) { [watch] part in
            watch.note(part)
            output(part)
        }
        watch.note(sandbox.readyCall, after: ContinuousClock.now - began)
        return sandbox
    }
}
