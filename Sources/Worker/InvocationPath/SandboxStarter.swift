internal import BaseImages
internal import Basics
internal import ContainerImages
internal import FunctionModel
import GuestProtocol
internal import Sandboxes
internal import Snapshots

/// Starts sandboxes for invocations: boots them for `$LATEST` and versions without SnapStart, thaws them for the others.
struct SandboxStarter: Sendable {
    let engine: any SandboxEngine
    let images: FunctionImages
    let specifications: SpecificationWriter
    let identity: SandboxIdentity
    let tokens: AuthorizationTokens
    let logs: FunctionLogs
    let clock: WorkerClock
    let configuration: WorkerConfiguration

    /// Why an invocation got no sandbox.
    enum Failure: Error {
        /// The call is refused.
        case refused(LambdaError)
        /// The function's own init failed, as its log says.
        case initialization(SandboxError, LogStream)
        /// The version needs a new snapshot.
        case snapshotUnusable(UnusableSnapshot)

        /// All sandboxes that there may be are in use.
        static let full = Self.refused(.throttled(.concurrentInvocations, retryAfterSeconds: 1))
    }

    struct Started {
        let sandbox: LiveSandbox
        let coldStart: InvocationReport.ColdStart
    }

    // MARK: - Booting

    /// Boots a sandbox. When init runs out of time it is tried once more under the function's own timeout, as AWS does; one
    /// that is kept ready has the time of a publish instead, since no invocation waits for it.
    func boot(
        _ function: FunctionConfiguration, at isolation: IsolationLevel, key: SandboxKey
    ) async throws(Failure) -> Started {
        let image = try await image(of: function)
        let log = logs.open(function, isKept: key.isKept)
        log.write(.initStart(image.version))
        do throws(SandboxError) {
            do {
                return try await boot(function, at: isolation, key, image, log, phase: .initialization)
            } catch {
                guard case .timedOut = error.code, !key.isKept else { throw error }
                return try await boot(function, at: isolation, key, image, log, phase: .invoke)
            }
        } catch {
            throw .initialization(error, log)
        }
    }

    private func image(of function: FunctionConfiguration) async throws(Failure) -> RuntimeImage {
        guard let image = function.image else {
            return try await rethrowing(try await images.runtime(function.runtime), as: Failure.refused)
        }
        return try await rethrowing(
            try await images.container(image),
            as: { (error: ContainerImageError) in Failure.refused(LambdaError(error)) })
    }

    private func boot(
        _ function: FunctionConfiguration, at isolation: IsolationLevel, _ key: SandboxKey, _ image: RuntimeImage,
        _ log: LogStream, phase: InitPhase
    ) async throws(SandboxError) -> Started {
        let kind = RuntimeEnvironment.Kind.onDemand(
            identity.credentials.credentials(function.role), logGroup: function.logGroup,
            logStream: log.name, InitializationType(function, isKept: key.isKept))
        let specification = try await hostCall {
            try await specifications.specification(
                for: function, at: isolation, in: key.network, image: image, kind: kind)
        }
        let timeout = Duration.seconds(function.timeout)
        let limit =
            switch phase {
            case .initialization where key.isKept: max(configuration.publishInitLimit, timeout)
            case .initialization: configuration.initLimit(at: isolation)
            case .invoke: timeout
            }
        let began = clock.now()
        do {
            let sandbox = try await engine.start(specification, deadline: Deadline(in: limit), output: log.sink)
            let duration = clock.now() - began
            if key.isKept { log.write(.initReport(duration, phase: phase, nil)) }
            return Started(
                sandbox: LiveSandbox(key: key, sandbox: sandbox, log: log, startDuration: duration),
                coldStart: .initialized(duration))
        } catch {
            log.write(.initReport(clock.now() - began, phase: phase, error.logged))
            throw error
        }
    }

    // MARK: - Thawing

    /// Makes a clone of a version's snapshot.
    func thaw(
        _ snapshot: SnapshotLease, of function: FunctionConfiguration, key: SandboxKey
    ) async throws(Failure) -> Started {
        let image = try await rethrowing(try images.runtime(of: snapshot), as: Failure.snapshotUnusable)
        let log = logs.open(function)
        log.write(.restoreStart(function.image == nil ? image.version : nil))
        let uniqueness = identity.make(
            role: identity.credentials.credentials(function.role), token: tokens.token(for: snapshot.id.description))
        let began = clock.now()
        do {
            let sandbox = try await engine.thaw(
                snapshot, uniqueness: uniqueness, network: key.network,
                deadline: Deadline(in: configuration.restoreLimit),
                output: log.sink)
            let duration = clock.now() - began
            log.write(.restoreReport(duration, nil))
            return Started(
                sandbox: LiveSandbox(key: key, sandbox: sandbox, log: log, startDuration: duration, cloneOf: snapshot),
                coldStart: .restored(duration))
        } catch {
            log.write(.restoreReport(clock.now() - began, error.logged))
            // The runtime's own words are in the log already.
            if !error.isOfRuntime { log.write(text: "No clone could be made: \(error)") }
            log.close()
            throw Self.failure(ofRestore: error)
        }
    }

    private static func failure(ofRestore error: SandboxError) -> Failure {
        switch error.code {
        case .restoreFailed(let failure): .refused(.snapStartFailed(failure.summary))
        case .timedOut: .refused(.snapStartTimeout)
        case .runtimeExited(let reason, _): .refused(.snapStartFailed(reason.wording))
        case .snapshotUnusable: .snapshotUnusable(UnusableSnapshot(reason: error.message, wasTried: true))
        case .initializationFailed, .lost, .freezeRefused, .host, .isolationUnavailable, .destroyed:
            .refused(.service("\(error)"))
        }
    }
}
