import Basics
import Foundation
import GuestProtocol
import LinuxKit
import Logging
import RuntimeAPI
import Sandboxes
import Snapshots
import SystemPackage

extension ProcessEngine {
    /// How a start from a seed went.
    enum SeededStart {
        case started(any Sandbox)
        /// It must not or cannot be. What is to be done about that when the function has been started otherwise.
        case not(afterwards: @Sendable () -> Void = {})
    }

    /// A runtime that has been booted beforehand, told its function now. Fails only by the function's own fault.
    func startFromSeed(
        _ specification: SandboxSpecification, _ blueprint: ProcessBlueprint, deadline: Deadline,
        output: @escaping OutputSink
    ) async throws(SandboxError) -> SeededStart {
        guard let seeds, let recipe = specification.seed else { return .not() }
        // A seed has its own idea of what is below /opt.
        guard blueprint.layers == nil else {
            startsAlone("it has layers")
            return .not()
        }
        let differences = recipe.differences(from: specification.initialization.environment)
        guard differences.isEmpty else {
            startsAlone("it sets \(differences.joined(separator: ", ")), which count when a process starts")
            return .not()
        }
        let key = SeedKey(
            recipe, image: specification.image, memoryMegabytes: specification.memoryMegabytes, host: host)
        switch seeds.offer(key) {
        case .none(let reason):
            startsAlone(reason)
            return .not { self.build(key, recipe, specification) }
        case .ready(let seed):
            do {
                let whole = seed.on(specification.image.basis(code: nil))
                let sandbox = try await start(specification, blueprint, from: whole, deadline: deadline, output: output)
                return sandbox.map { .started($0) } ?? .not()
            } catch {
                guard error.code == .snapshotUnusable else { throw error }
                logger.warning(
                    "a seed cannot be used", metadata: ["seed": "\(seed.id)", "reason": "\(error.message)"])
                await seeds.discard(key, because: error.message)
                return .not()
            }
        }
    }

    private func startsAlone(_ reason: String) {
        logger.info("a function starts without a seed", metadata: ["because": "\(reason)"])
    }

    // MARK: - Use

    /// Nil when no clone could be made: that is nothing the function has done.
    private func start(
        _ specification: SandboxSpecification, _ blueprint: ProcessBlueprint, from seed: SnapshotLease,
        deadline: Deadline, output: @escaping OutputSink
    ) async throws(SandboxError) -> (any Sandbox)? {
        let lease = try templates.lease(seed)
        let template = lease.template
        let process = try await template.process(by: deadline)
        let code = try await codeMount(of: blueprint)
        let clone = try await newClone(
            blueprint.limits, blockedIn: .seedNext, isSnapStart: specification.initialization.isSnapStart, by: deadline)
        hosted.add(clone.runtime)
        do {
            try clone.cell.join(specification.network)
            var uniqueness = specification.initialization.uniqueness
            uniqueness.wallClockNanoseconds = WallClock.now()
            try clone.wake(
                uniqueness, as: try Self.encoded(specification.initialization),
                called: specification.initialization.function, output: output)
            try clone.request(
                from: process, by: deadline, scratchBytes: blueprint.limits.scratchBytes,
                hasFrozenScratch: template.hasFrozenScratch, code: code)
            var frozen = blueprint
            frozen.readyCall = try await clone.runtime.waitUntilReady(by: deadline)
            let (cell, runtime) = clone.handOver()
            cell.hold(lease.ofClone())
            return ProcessSandbox(cell: cell, runtime: runtime, engine: self, blueprint: frozen, origin: template)
        } catch {
            let failure = clone.fail(error)
            await end(clone)
            let reason = failure.error()
            guard failure.isOfMaking else { throw reason }
            if reason.code == .snapshotUnusable { throw reason }
            logger.warning("a function starts without its seed", metadata: ["because": "\(reason)"])
            return nil
        }
    }

    private func codeMount(of blueprint: ProcessBlueprint) async throws(SandboxError) -> DetachedMount? {
        guard let code = blueprint.code else { return nil }
        let roots = roots
        return try await BlockingThread.run { () throws(SandboxError) in try roots.attachable(code) }
    }

    private static func encoded(_ initialization: Initialization) throws(SandboxError) -> [UInt8] {
        do { return Array(try JSONEncoder().encode(FunctionStart(initialization))) } catch {
            throw .host("cannot tell a seed its function: \(error)", cause: error)
        }
    }

    // MARK: - Building

    /// Longer than any language takes to boot, on a host that is busy with the very start that missed it.
    private static let bootLimit = Duration.seconds(120)

    private func build(_ key: SeedKey, _ recipe: SeedRecipe, _ specification: SandboxSpecification) {
        let blueprint = ProcessBlueprint(
            root: specification.image.root, imageDigest: specification.image.digest, code: nil,
            limits: CellLimits(memoryMegabytes: specification.memoryMegabytes, scratchBytes: 512 << 20),
            readyCall: .restoreNext)
        var initialization = specification.initialization
        initialization.arguments = recipe.arguments
        initialization.environment = recipe.environment.map { EnvironmentVariable($0.key, $0.value) }
        initialization.uniqueness.credentials = .none
        let seeded = initialization
        seeds?.build(key) { [weak self] staging throws(SandboxError) in
            guard let self else { throw .shuttingDown }
            let deadline = Deadline(in: Self.bootLimit)
            let (cell, runtime) = try await boot(seeded, blueprint, network: nil, deadline: deadline) {
                [logger] output in
                logger.debug("a seed says", metadata: ["text": "\(String(decoding: output.bytes, as: UTF8.self))"])
            }
            do throws(SandboxError) { try await runtime.waitUntilSeedReady(by: deadline) } catch {
                await end(cell, runtime)
                throw error
            }
            return try await ProcessSandbox(
                cell: cell, runtime: runtime, engine: self, blueprint: blueprint, origin: nil
            ).freeze(into: staging)
        }
    }
}

extension Credentials {
    /// A seed acts for no function.
    fileprivate static var none: Credentials {
        Credentials(authorizationToken: "", accessKeyID: "", secretAccessKey: "", sessionToken: "", expiration: "")
    }
}
