import Basics
import GuestProtocol
import LinuxKit
import Logging
import NetworkModel
import ProcessImages
import Sandboxes
import SlotNetwork
import SystemPackage

extension ProcessEngine {
    package func start(
        _ specification: SandboxSpecification, deadline: Deadline, output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        let blueprint = try blueprint(specification)
        switch try await startFromSeed(specification, blueprint, deadline: deadline, output: output) {
        case .started(let sandbox): return sandbox
        case .not(let afterwards):
            defer { afterwards() }
            return try await startAlone(specification, blueprint, deadline: deadline, output: output)
        }
    }

    private func startAlone(
        _ specification: SandboxSpecification, _ blueprint: ProcessBlueprint, deadline: Deadline,
        output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        let (cell, runtime) = try await boot(
            specification.initialization, blueprint, network: specification.network, deadline: deadline, output: output)
        do {
            var frozen = blueprint
            frozen.readyCall = try await runtime.waitUntilReady(by: deadline)
            return ProcessSandbox(cell: cell, runtime: runtime, engine: self, blueprint: frozen, origin: nil)
        } catch {
            await end(cell, runtime)
            throw error
        }
    }

    private func blueprint(_ specification: SandboxSpecification) throws(SandboxError) -> ProcessBlueprint {
        let scratch = specification.scratchImage
        let size = try hostCall("look at \(scratch)") { try FileStatus.of(scratch).size }
        var blueprint = ProcessBlueprint(
            root: specification.image.root, imageDigest: specification.image.digest, code: specification.codeImage,
            limits: CellLimits(
                memoryMegabytes: specification.memoryMegabytes, scratchBytes: UInt64(clamping: size)),
            readyCall: .restoreNext)
        blueprint.layers = specification.layersImage
        let chosen = specification.initialization.environment.last { $0.name == ConnectionPolicy.variable }
        if let policy = chosen.flatMap({ ConnectionPolicy(rawValue: $0.value) }) { blueprint.connections = policy }
        return blueprint
    }

    /// Starts a runtime's process in a cell of its own; returns once it runs. On failure nothing is left.
    /// - Parameter network: nil for a seed, which may wait to be told its function, and has nobody to talk to.
    func boot(
        _ initialization: Initialization, _ blueprint: ProcessBlueprint, network: NetworkMode?, deadline: Deadline,
        output: @escaping OutputSink
    ) async throws(SandboxError) -> (Cell, HostedRuntime) {
        let cell = try await cells.claim(blueprint.limits, by: deadline)
        let runtime: HostedRuntime
        do {
            if let network { try cell.join(network) }
            runtime = try host(initialization, in: cell, servesSeed: network == nil, output: output)
        } catch {
            await cells.end(cell)
            throw error
        }
        hosted.add(runtime)
        do {
            try await run(initialization, blueprint, isSeed: network == nil, in: cell, runtime, output: output)
            return (cell, runtime)
        } catch {
            await end(cell, runtime)
            throw error
        }
    }

    private func host(
        _ initialization: Initialization, in cell: Cell, servesSeed: Bool, output: @escaping OutputSink
    ) throws(SandboxError) -> HostedRuntime {
        let memory = cell.memory
        return try hostCall("serve the Runtime API of a sandbox") {
            let runtime = try HostedRuntime(
                booting: cell.endpoint, loop: loop, isSnapStart: initialization.isSnapStart, servesSeed: servesSeed,
                outOfMemoryKills: { memory.kills })
            try runtime.deliverOutput(to: output)
            runtime.setCredentials(initialization.uniqueness.credentials)
            runtime.setFunction(initialization.function)
            return runtime
        }
    }

    private func run(
        _ initialization: Initialization, _ blueprint: ProcessBlueprint, isSeed: Bool, in cell: Cell,
        _ runtime: HostedRuntime, output: OutputSink
    ) async throws(SandboxError) {
        let access = try cell.moveIn()
        let (roots, holder, side) = (roots, access.holder, access.endpoint)
        let plan = try await BlockingThread.run { () throws(SandboxError) -> SpawnPlan in
            let root = try roots.rootForBooting(
                base: blueprint.root, code: blueprint.code, layers: blueprint.layers,
                scratchBytes: blueprint.limits.scratchBytes, isSeed: isSeed)
            return RuntimePlan(
                initialization: initialization, holder: holder, cgroup: cell.cgroup, output: side,
                root: try roots.steps(for: root)
            ).spawnPlan
        }
        let process: ChildProcess
        do {
            process = try await spawner.spawn(plan)
        } catch {
            throw notStarted(error, initialization, output: output)
        }
        cell.arrived(process)
        try hostCall("watch a runtime") { try runtime.adopt(process) }
    }

    /// A program that cannot be executed is the function's fault, and its log says so; everything before is the host's.
    private func notStarted(
        _ error: SpawnError, _ initialization: Initialization, output: OutputSink
    ) -> SandboxError {
        let reason: ExitReason
        switch error.stage {
        case .execution: reason = .notStarted(program: error.executable.string, errno: error.errno.rawValue)
        case .search: reason = initialization.notFound(errno: error.errno.rawValue)
        case .step(.changeDirectory(let path)):
            reason = .noWorkingDirectory(path.string, errno: error.errno.rawValue)
        default: return SandboxError(.host, nil, error)
        }
        output(
            Output(
                stream: .standardError, timestampNanoseconds: WallClock.now(), bytes: Array("\(error)\n".utf8)))
        return .runtimeExited(reason, during: .initialization)
    }
}
