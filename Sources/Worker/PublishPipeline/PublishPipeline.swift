internal import BaseImages
import Foundation
internal import FunctionModel
import GuestProtocol
internal import NetworkModel
internal import Sandboxes
internal import Snapshots
internal import SystemPackage

/// The way of a publish with SnapStart: boot with the version's own environment, init, freeze, make durable.
struct Publisher: Sendable {
    let engine: any SandboxEngine
    let maker: SandboxMaker
    let store: SnapshotStore
    let tokens: AuthorizationTokens
    let configuration: WorkerConfiguration
    let clock: WorkerClock

    struct Failure: Error {
        var reason: StateReason
    }

    struct Published: Sendable {
        let snapshot: StoredSnapshot
        let runtimeVersionARN: String
        let times: PublishTimes
    }

    /// Makes the snapshot of a version. Nothing half-made is left when this throws; the init log is kept.
    func snapshot(of function: FunctionConfiguration) async throws(Failure) -> Published {
        let image: RuntimeImage
        do throws(SandboxMaker.Failure) {
            image = try await maker.image(of: function)
        } catch {
            throw Failure(reason: StateReason(code: "InvalidRuntime", message: error.message))
        }
        let staging: SnapshotStaging
        do throws(SnapshotError) { staging = try store.stage() } catch {
            throw Failure(reason: .internalError("\(error)"))
        }
        do throws(Failure) {
            return try await freeze(function, image, into: staging)
        } catch {
            staging.discard()
            throw error
        }
    }

    private func freeze(
        _ function: FunctionConfiguration, _ image: RuntimeImage, into staging: SnapshotStaging
    ) async throws(Failure) -> Published {
        let log = maker.openLog(function)
        defer { log.close() }
        let began = clock.now()
        let (sandbox, code) = try await initialize(
            function, image, token: tokens.token(for: staging.id.description), log)
        let initialization = clock.now() - began
        let frozen: FrozenSandbox
        do throws(SandboxError) { frozen = try await sandbox.freeze(into: staging) } catch {
            log.write(text: "The snapshot could not be taken: \(error)")
            throw Failure(reason: .ofFreeze(error))
        }
        let written = clock.now()
        do throws(SnapshotError) {
            let stored = try await store.commit(
                staging,
                describing: SnapshotDescription(
                    functionName: function.functionName, functionVersion: function.version.qualifier,
                    createdAt: Date(timeIntervalSince1970: Double(clock.wallClock()) / 1e9),
                    codeSha256: function.code.sha256, imageDigest: image.image.digest, engine: frozen.engine))
            return Published(
                snapshot: stored.on(image.image.basis(code: code)), runtimeVersionARN: image.version.arn,
                times: PublishTimes(
                    initialization: initialization, pause: frozen.pause, commit: clock.now() - written))
        } catch {
            throw Failure(reason: .internalError("The snapshot could not be stored: \(error)"))
        }
    }

    /// - Returns: the sandbox, and where the code is that it runs from.
    private func initialize(
        _ function: FunctionConfiguration, _ image: RuntimeImage, token: String, _ log: LogStream
    ) async throws(Failure) -> (any Sandbox, code: FilePath) {
        let (isolation, network): (IsolationLevel, NetworkMode)
        do throws(LambdaError) {
            isolation = try await maker.isolation(of: function)
            network = try await maker.network(of: function)
        } catch {
            let isSubnet = error.code == .invalidSubnetID
            throw Failure(reason: isSubnet ? .invalidSubnet(error.message) : .internalError(error.message))
        }
        let specification: SandboxSpecification
        do throws(ImageError) {
            specification = try await maker.specification(
                for: function, at: isolation, in: network, image: image, kind: .snapStart(token: token), token: token,
                role: maker.credentials.credentials(function.role))
        } catch {
            throw Failure(reason: .ofImage(error))
        }
        let limit = max(configuration.publishInitLimit, .seconds(function.timeout))
        log.write(.initStart(image.version))
        let began = clock.now()
        do throws(SandboxError) {
            let sandbox = try await engine.start(specification, deadline: limit, output: log.sink)
            log.write(.initReport(clock.now() - began, phase: .initialization, nil))
            return (sandbox, specification.codeImage)
        } catch {
            log.write(.initReport(clock.now() - began, phase: .initialization, error.logged))
            throw Failure(reason: .ofInit(error))
        }
    }
}

extension StateReason {
    static func ofImage(_ error: ImageError) -> StateReason {
        switch error {
        case .invalidZip, .tooLarge, .pathEscape: .invalidZip("\(error)")
        case .unknownRuntime, .invalidRecipe:
            StateReason(code: "InvalidRuntime", message: "\(error)")
        case .missing, .notBuilt, .toolMissing, .toolFailed, .noSpace, .invalidArchive, .foreignArchive, .damaged,
            .inputOutput, .cancelled:
            .internalError("\(error)")
        }
    }
}
