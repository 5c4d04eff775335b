internal import BaseImages
internal import FunctionModel
import GuestProtocol
internal import NetworkModel
internal import Sandboxes
internal import Snapshots
internal import SystemPackage

/// Makes sandboxes: boots them for `$LATEST` and versions without SnapStart, thaws them for the others.
struct SandboxMaker: Sendable {
    let engine: any SandboxEngine
    let files: any FunctionFiles
    let functions: FunctionCatalog
    let networks: any NetworkCatalog
    let tokens: AuthorizationTokens
    let credentials: CredentialsSource
    let logs: LogFiles
    let clock: WorkerClock
    let configuration: WorkerConfiguration
    let observe: WorkerObserver

    var environment: RuntimeEnvironment { RuntimeEnvironment(region: configuration.account.region) }
    private let generations = Generations()
    var identity: SandboxIdentity {
        SandboxIdentity(credentials: credentials, clock: clock, generations: generations)
    }

    /// Why no sandbox could be made.
    enum Failure: Error {
        /// The call is refused.
        case refused(LambdaError)
        /// The function's own init failed, as its log says.
        case function(SandboxError, LogStream)
        case snapshotUnusable(String)

        var message: String {
            switch self {
            case .refused(let error): error.message
            case .function(let error, _): "\(error)"
            case .snapshotUnusable(let reason): reason
            }
        }
    }

    struct Made {
        let sandbox: LiveSandbox
        let coldStart: InvocationReport.ColdStart
    }

    func openLog(_ function: FunctionConfiguration) -> LogStream {
        LogStream(function: function.functionName, version: function.version, files: logs, clock: clock)
    }

    // MARK: - Booting

    /// The level at which sandboxes of `function` are booted now.
    func isolation(of function: FunctionConfiguration) async throws(LambdaError) -> IsolationLevel {
        try await functions.choices(function.functionName).isolation.level(default: engine.isolation)
    }

    /// Where sandboxes of `function` may send to that are made now.
    func network(of function: FunctionConfiguration) async throws(LambdaError) -> NetworkMode {
        let tagged = try await functions.choices(function.functionName).network
        return try networks.mode(function.network(tagged: tagged))
    }

    /// What a sandbox of `function` is made from.
    func specification(
        for function: FunctionConfiguration, at isolation: IsolationLevel, in network: NetworkMode, image: RuntimeImage,
        kind: RuntimeEnvironment.Kind, token: String, role: CredentialsSource.Role
    ) async throws(ImageError) -> SandboxSpecification {
        let isSnapStart = if case .snapStart = kind { true } else { false }
        var seed = image.seed(function.memorySize)
        seed?.environment = environment.seedVariables(
            memoryMegabytes: function.memorySize, runtimeDefaults: image.environment)
        return SandboxSpecification(
            id: .random(),
            isolation: isolation,
            network: network,
            image: image.image,
            codeImage: try await codeImage(of: function),
            memoryMegabytes: function.memorySize,
            scratchImage: try await files.scratchImage(megabytes: function.ephemeralStorage),
            initialization: Initialization(
                arguments: image.arguments(function.handler, function.memorySize),
                environment: environment.variables(for: function, kind: kind, runtimeDefaults: image.environment),
                workingDirectory: "/var/task", isSnapStart: isSnapStart,
                uniqueness: identity.make(role: role, token: token)),
            seed: seed)
    }

    /// The zip of `function` as a read-only image.
    func codeImage(of function: FunctionConfiguration) async throws(ImageError) -> FilePath {
        let (zip, digest) = try code(of: function)
        return try await files.codeImage(zip: zip, sha256: digest)
    }

    private func code(of function: FunctionConfiguration) throws(ImageError) -> (zip: FilePath, digest: String) {
        guard let digest = function.code.hexadecimalDigest else { throw .invalidZip("its digest is not a SHA-256") }
        do throws(LambdaError) {
            return (try functions.codePath(function.code), digest)
        } catch {
            throw .missing("the code \(digest)", remedy: error.message)
        }
    }

    /// Boots a sandbox. When init runs out of time it is tried once more under the function's own timeout, as AWS does.
    func boot(
        _ function: FunctionConfiguration, at isolation: IsolationLevel, key: SandboxKey
    ) async throws(Failure) -> Made {
        let (image, log) = (try await image(of: function), openLog(function))
        log.write(.initStart(image.version))
        do throws(SandboxError) {
            do throws(SandboxError) {
                return try await boot(function, at: isolation, key, image, log, phase: .initialization)
            } catch {
                guard case .timedOut = error.code else { throw error }
                return try await boot(function, at: isolation, key, image, log, phase: .invoke)
            }
        } catch {
            throw .function(error, log)
        }
    }

    private func boot(
        _ function: FunctionConfiguration, at isolation: IsolationLevel, _ key: SandboxKey, _ image: RuntimeImage,
        _ log: LogStream, phase: InitPhase
    ) async throws(SandboxError) -> Made {
        let role = credentials.credentials(function.role)
        let kind = RuntimeEnvironment.Kind.onDemand(
            role, logGroup: "/aws/lambda/\(function.functionName)", logStream: log.name)
        let specification = try await hostCall {
            try await self.specification(
                for: function, at: isolation, in: key.network, image: image, kind: kind,
                token: Hexadecimal.random(bytes: 16), role: role)
        }
        let limit = phase == .initialization ? configuration.initLimit(at: isolation) : .seconds(function.timeout)
        let began = clock.now()
        do throws(SandboxError) {
            let sandbox = try await engine.start(specification, deadline: limit, output: log.sink)
            let duration = clock.now() - began
            observe(.initialized(function.functionName, function.version, duration))
            return Made(
                sandbox: LiveSandbox(key: key, sandbox: sandbox, log: log), coldStart: .initialized(duration))
        } catch {
            log.write(.initReport(clock.now() - began, phase: phase, error.logged))
            throw error
        }
    }

    func image(of function: FunctionConfiguration) async throws(Failure) -> RuntimeImage {
        do throws(ImageError) {
            if let image = try await files.image(function.runtime) { return image }
        } catch {
            throw .refused(.service("\(error)"))
        }
        throw .refused(.runtimeNotBuilt(function.runtime))
    }

    /// The image a snapshot was taken on, which may be older than the runtime's present one.
    private func image(
        of function: FunctionConfiguration, _ snapshot: StoredSnapshot
    ) throws(Failure) -> RuntimeImage {
        let digest = snapshot.manifest.snapshot.imageDigest
        do throws(ImageError) {
            if let image = try files.image(digest: digest) { return image }
        } catch {
            throw .snapshotUnusable("\(error)")
        }
        throw .snapshotUnusable("the base image \(digest) it was taken on is gone")
    }

    // MARK: - Thawing

    /// Makes a clone of a version's snapshot.
    func thaw(
        _ snapshot: StoredSnapshot, of function: FunctionConfiguration, key: SandboxKey
    ) async throws(Failure) -> Made {
        let image = try image(of: function, snapshot)
        let log = openLog(function)
        log.write(.restoreStart(image.version))
        let uniqueness = identity.make(
            role: credentials.credentials(function.role), token: tokens.token(for: snapshot.id.description))
        let began = clock.now()
        do throws(SandboxError) {
            let sandbox = try await engine.thaw(
                snapshot, uniqueness: uniqueness, network: key.network, deadline: configuration.restoreLimit,
                output: log.sink)
            let duration = clock.now() - began
            log.write(.restoreReport(duration, nil))
            observe(.restored(function.functionName, function.version, duration))
            return Made(
                sandbox: LiveSandbox(key: key, sandbox: sandbox, log: log, cloneOf: snapshot),
                coldStart: .restored(duration))
        } catch {
            log.write(.restoreReport(clock.now() - began, error.logged))
            log.close()
            throw Self.failure(ofRestore: error)
        }
    }

    private static func failure(ofRestore error: SandboxError) -> Failure {
        switch error.code {
        case .restoreFailed(let failure): .refused(.snapStartFailed(failure.summary))
        case .timedOut: .refused(.snapStartTimeout)
        case .runtimeExited(let reason, _): .refused(.snapStartFailed(FunctionFailure.describe(reason)))
        case .snapshotUnusable: .snapshotUnusable(error.message)
        case .initializationFailed, .lost, .freezeRefused, .host, .isolationUnavailable, .destroyed:
            .refused(.service("\(error)"))
        }
    }
}

extension SandboxError {
    /// What a report line says of it.
    var logged: LogFailure {
        switch code {
        case .initializationFailed(let failure), .restoreFailed(let failure): .error(type: failure.errorType)
        case .timedOut: .timeout
        case .runtimeExited(let reason, _): .error(type: reason.errorType)
        case .lost, .freezeRefused, .snapshotUnusable, .host, .isolationUnavailable, .destroyed:
            .error(type: "Sandbox.Failure")
        }
    }
}
