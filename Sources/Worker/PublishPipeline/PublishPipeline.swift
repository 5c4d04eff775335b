internal import BaseImages
internal import Basics
package import FunctionModel
internal import FunctionStore
import GuestProtocol
internal import Logging
internal import Sandboxes
internal import Snapshots
internal import SystemPackage
internal import Telemetry

/// A publish, from top to bottom: 1 claim the version, 2 its images, 3 the specification, 4 init, 5 freeze, 6 commit,
/// 7 warm, 8 install, 9 ready.
///
/// Step 1 answers the client. A version with SnapStart is `Pending` then, and takes the other steps in the background; any
/// other needs only its code's image (`PublishPipeline+Finishing.swift`).
package struct PublishPipeline: VersionPublishing {
    let engine: any SandboxEngine
    let functions: FunctionCatalog
    let images: FunctionImages
    let placement: Placement
    let specifications: SpecificationWriter
    let logs: FunctionLogs
    let store: any SnapshotRepository
    let snapshots: SnapshotCatalog
    let ready: ReadyVersions
    let tokens: AuthorizationTokens
    let configuration: WorkerConfiguration
    let clock: WorkerClock
    let tasks: BackgroundTasks
    /// Versions initialised at a time.
    let gate: Gate
    let observe: WorkerObserver
    let calls: CallTracer
    let logger: Logger

    // MARK: - 1 Claim the version

    package func publishVersion(
        _ request: PublishVersionRequest
    ) async throws(LambdaError) -> FunctionConfiguration {
        let name = try FunctionReference(parsing: request.functionName, in: functions.account).name
        try FunctionValidation.checkDescription(request.description)
        return try await functions.changing(name) { () throws(LambdaError) in
            _ = try await functions.latest(name)
            return try await claimVersion(of: name, description: request.description, while: .ready) {
                latest throws(LambdaError) in
                try latest.checkRevision(request.revisionID)
                try latest.checkCodeSha256(request.codeSha256)
            }
        }
    }

    /// In which states of `$LATEST` a version may be made of it.
    enum PublishableState {
        case ready
        /// The same call has just begun to change `$LATEST`.
        case anyState
    }

    /// Gives `$LATEST`'s content the next number, unless the last version is the same, and begins the other steps.
    /// Call while holding the function's lock.
    func claimVersion(
        of name: String, description: String?, while allowed: PublishableState,
        checking check: @escaping @Sendable (FunctionConfiguration) throws(LambdaError) -> Void
    ) async throws(LambdaError) -> FunctionConfiguration {
        let arn = functions.account.arn(name: name)
        let outcome = try await functions.publish(name) { candidate throws(LambdaError) in
            let latest = candidate.latest
            if allowed == .ready {
                try latest.checkUpdatable(arn: arn)
                if case .failed(let reason) = latest.state { throw .wrongState(latest.state.name, reason: reason) }
            }
            try check(latest)
            if let unchanged = candidate.unchanged { return .keep(unchanged) }
            guard let version = latest.published(as: candidate.number, description: description) else {
                throw .wrongState(latest.state.name)
            }
            return .publish(version)
        }
        if outcome.isNew, outcome.configuration.isUnfinished { finishInBackground(VersionKey(outcome.configuration)) }
        return outcome.configuration
    }

    // MARK: - Steps 2 to 9

    struct Published: Sendable {
        let snapshot: SnapshotLease
        /// Nil for a container image.
        let runtimeVersionARN: String?
        let times: Times
        /// Why it was frozen in a virtual machine where that is not the server's choice; nil else.
        var isolationReason: String?
    }

    /// Where the time of a publish went, for the log.
    struct Times: Sendable {
        /// From the start of the sandbox to the end of the before-snapshot hooks.
        let initialization: Duration
        /// From "the guest stands still" to "its state is written".
        let pause: Duration
        /// From "the state is written" to "the snapshot is durable and has its place in the store".
        let commit: Duration
    }

    /// Takes a version that is `Pending` to its end, well or not.
    func publish(_ function: FunctionConfiguration) async throws(LambdaError) {
        let key = VersionKey(function)
        // It may have been deleted while it waited its turn.
        let present = try await insisting(key) { () throws(LambdaError) in try await functions.configuration(key) }
        guard present == function else { return }
        let published: Published
        do {
            published = try await makeSnapshot(of: function)
            try await timed(.warm, await engine.warm(published.snapshot))
            guard try await timed(.install, try await install(published, as: key)) else { return }
        } catch {
            try await conclude(key, from: function, error, runtimeVersionARN: nil)
            return observe(.publishEnded(failure: error.reason.code))
        }
        report(published, key)
        try await makeReady(published, function)
    }

    /// One of the steps, for whoever measures and traces.
    func timed<R>(
        _ step: PublishStep, _ work: @autoclosure () async throws(PublishFailure) -> R
    ) async throws(PublishFailure) -> R {
        let began = clock.now()
        do {
            let result = try await calls.hop("publish \(step.rawValue)") { _ throws(PublishFailure) in try await work()
            }
            observe(.publishStep(step, clock.now() - began, succeeded: true))
            return result
        } catch {
            observe(.publishStep(step, clock.now() - began, succeeded: false))
            throw error
        }
    }

    /// Steps 2 to 6. Nothing half-made is left when this throws; the init log is kept.
    func makeSnapshot(of function: FunctionConfiguration) async throws(PublishFailure) -> Published {
        let log = logs.open(function)
        defer { log.close() }
        do { return try await makeSnapshot(of: function, log) } catch {
            guard error.isRefusalOfFreeze else { throw error }
            guard try await mayBecomeMachine(function) else { throw error }
            let reason = "The version runs in a virtual machine: \(error.reason.message)"
            log.write(text: reason)
            logger.notice(
                "a version is frozen in a virtual machine, as its process cannot be",
                metadata: [
                    "function": "\(function.functionName)", "version": "\(function.version)",
                    "reason": "\(error.reason.message)",
                ])
            var published = try await makeSnapshot(of: function, at: .microvm, log)
            published.isolationReason = reason
            return published
        }
    }

    /// Whether neither the function's owner nor the operator has said that it be a process.
    private func mayBecomeMachine(_ function: FunctionConfiguration) async throws(PublishFailure) -> Bool {
        let choice = try await rethrowing(
            try await functions.choices(function.functionName).isolation, as: PublishFailure.ofPlacement)
        return choice == .auto && placement.defaultLevel == .process && configuration.isolations.contains(.microvm)
    }

    /// - Parameter level: where the version is frozen; nil leaves that to its function.
    private func makeSnapshot(
        of function: FunctionConfiguration, at level: IsolationLevel? = nil, _ log: LogStream
    ) async throws(PublishFailure) -> Published {
        let image = try await timed(.image, try await image(of: function))
        let staging = try await rethrowing(try store.stage(), as: PublishFailure.ofStaging)
        // Finds nothing any more after a commit.
        defer { staging.discard() }

        let began = clock.now()
        let specification = try await timed(
            .specification,
            try await specification(
                for: function, at: level, image, token: tokens.token(for: staging.id.description)))
        let sandbox = try await timed(
            .initialization, try await initialize(specification, function, image, log))
        try await checkMayBeFrozen(sandbox, function, log)
        let initialized = clock.now()
        let frozen = try await timed(
            .freeze, try await freeze(sandbox, of: specification.isolation, into: staging, log))
        let written = clock.now()
        let stored = try await timed(.commit, try await commit(staging, frozen, function, image))
        return Published(
            snapshot: stored.on(image.image.basis(code: specification.codeImage, layers: specification.layersImage)),
            runtimeVersionARN: image.version?.arn,
            times: Times(
                initialization: initialized - began, pause: frozen.pause, commit: clock.now() - written))
    }

    // MARK: - 2 Images

    private func image(of function: FunctionConfiguration) async throws(PublishFailure) -> RuntimeImage {
        if let image = function.image {
            return try await rethrowing(try await images.container(image), as: PublishFailure.ofContainer)
        }
        return try await rethrowing(try await images.runtime(function.runtime), as: PublishFailure.ofRuntime)
    }

    // MARK: - 3 Specification

    /// Makes the image of the code, too, unless it is there.
    private func specification(
        for function: FunctionConfiguration, at level: IsolationLevel?, _ image: RuntimeImage, token: String
    ) async throws(PublishFailure) -> SandboxSpecification {
        let isolation =
            if let level { level } else {
                try await rethrowing(try await placement.isolation(of: function), as: PublishFailure.ofPlacement)
            }
        let network = try await rethrowing(try await placement.network(of: function), as: PublishFailure.ofPlacement)
        return try await rethrowing(
            try await specifications.specification(
                for: function, at: isolation, in: network, image: image, kind: .snapStart(token: token)),
            as: PublishFailure.ofImage)
    }

    // MARK: - 4 Init

    private func initialize(
        _ specification: SandboxSpecification, _ function: FunctionConfiguration, _ image: RuntimeImage,
        _ log: LogStream
    ) async throws(PublishFailure) -> any Sandbox {
        let limit = max(configuration.publishInitLimit, .seconds(function.timeout))
        log.write(.initStart(image.version))
        let began = clock.now()
        do {
            let sandbox = try await engine.start(specification, deadline: Deadline(in: limit), output: log.sink)
            log.write(.initReport(clock.now() - began, phase: .initialization, nil))
            return sandbox
        } catch {
            log.write(.initReport(clock.now() - began, phase: .initialization, error.logged))
            throw .ofInit(error)
        }
    }

    /// A container image's runtime has to know of snapshots, or the image has to say that it may be frozen.
    private func checkMayBeFrozen(
        _ sandbox: any Sandbox, _ function: FunctionConfiguration, _ log: LogStream
    ) async throws(PublishFailure) {
        guard let image = function.image, sandbox.readyCall == .invocationNext, !image.declared.allowsSnapStart
        else { return }
        await sandbox.destroy()
        let reason = StateReason.imageNotForSnapStart
        log.write(text: reason.message)
        throw PublishFailure(reason: reason)
    }

    // MARK: - 5 Freeze

    private func freeze(
        _ sandbox: any Sandbox, of level: IsolationLevel, into staging: SnapshotStaging, _ log: LogStream
    ) async throws(PublishFailure) -> FrozenSandbox {
        do {
            let frozen = try await sandbox.freeze(into: staging)
            for remark in frozen.remarks { log.write(text: "The snapshot: \(remark)") }
            return frozen
        } catch {
            log.write(text: "The snapshot could not be taken: \(error)")
            throw .ofFreeze(error, at: level)
        }
    }

    // MARK: - 6 Commit

    private func commit(
        _ staging: SnapshotStaging, _ frozen: FrozenSandbox, _ function: FunctionConfiguration, _ image: RuntimeImage
    ) async throws(PublishFailure) -> SnapshotLease {
        let description = SnapshotDescription(
            functionName: function.functionName, functionVersion: function.version.qualifier, createdAt: clock.date,
            codeSha256: function.code.sha256, layersSha256: function.layerSet, imageDigest: image.baseDigest,
            containerDigest: function.image?.digest, engine: frozen.engine)
        return try await rethrowing(
            try await store.commit(staging, describing: description), as: PublishFailure.ofCommit)
    }

    // MARK: - 7 Warm, 8 Install

    /// How long a store that fails is asked again before a publish is given up whose snapshot is there.
    private static let installLimit = Duration.seconds(60)

    /// Makes the version active with its snapshot.
    ///
    /// - Returns: false when the version was deleted meanwhile, and the snapshot with it.
    private func install(_ published: Published, as key: VersionKey) async throws(PublishFailure) -> Bool {
        let id = published.snapshot.id.description
        do {
            let isInstalled = try await insisting(key, for: Self.installLimit) { () throws(LambdaError) in
                try await functions.changing(key.functionName) { () throws(LambdaError) -> Bool in
                    guard let current = try await functions.configuration(key), var next = current.activated() else {
                        return false
                    }
                    next.runtimeVersionARN = published.runtimeVersionARN
                    next.isolationReason = published.isolationReason
                    await snapshots.adopt(published.snapshot, of: key)
                    try await functions.update(next, from: current, snapshotID: id)
                    return true
                }
            }
            if !isInstalled { await snapshots.remove(id) }
            return isInstalled
        } catch {
            await snapshots.forget(key)
            await snapshots.remove(id)
            throw .ofInstall(error)
        }
    }

    func report(_ published: Published, _ key: VersionKey) {
        observe(.publishEnded(failure: nil))
        logger.info(
            "published",
            metadata: [
                "function": "\(key.functionName)", "version": "\(key.version)",
                "snapshot": "\(published.snapshot.id)", "init": "\(published.times.initialization)",
                "pause": "\(published.times.pause)", "commit": "\(published.times.commit)",
            ])
    }

    // MARK: - 9 Ready

    private func makeReady(_ published: Published, _ function: FunctionConfiguration) async throws(LambdaError) {
        let key = VersionKey(function)
        let failure = await ready.use(key, published.snapshot, isNew: true)
        guard let failure, failure.code == .snapshotUnusable else { return }
        // The snapshot is as good as it will be: who calls hears of it now, and not that the version is initialised again.
        let log = logs.open(function)
        log.write(text: "No clone could be made: \(failure)")
        log.close()
        try await giveUp(key, because: failure.message)
    }
}
