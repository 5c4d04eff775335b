import GuestProtocol
import LinuxKit
import Sandboxes
import SystemPackage

extension ProcessEngine {
    package func start(
        _ specification: SandboxSpecification, deadline: Duration, output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        let blueprint = try blueprint(specification)
        let cell = try await cells.claim(blueprint.limits)
        let runtime: HostedRuntime
        do throws(SandboxError) { runtime = try host(specification.initialization, in: cell, output: output) } catch {
            await cells.end(cell)
            throw error
        }
        do throws(SandboxError) {
            let readyCall = try await initialize(
                specification.initialization, blueprint, cell, runtime, within: deadline, output: output)
            var frozen = blueprint
            frozen.readyCall = readyCall
            hosted.add(runtime)
            return ProcessSandbox(cell: cell, runtime: runtime, engine: self, blueprint: frozen)
        } catch {
            await end(cell, runtime)
            throw error
        }
    }

    private func blueprint(_ specification: SandboxSpecification) throws(SandboxError) -> Blueprint {
        let scratch = specification.scratchImage
        let size = try hostCall("look at \(scratch)") { () throws(Errno) in try FileStatus.of(scratch).size }
        return Blueprint(
            root: specification.image.root, imageDigest: specification.image.digest, code: specification.codeImage,
            limits: CellLimits(
                memoryMegabytes: specification.memoryMegabytes, scratchBytes: UInt64(clamping: size)),
            readyCall: .restoreNext)
    }

    private func host(
        _ initialization: Initialization, in cell: Cell, output: @escaping OutputSink
    ) throws(SandboxError) -> HostedRuntime {
        let cgroup = cell.cgroup
        return try hostCall("serve the Runtime API of a sandbox") { () throws(Errno) in
            let runtime = try HostedRuntime(
                booting: cell.endpoint, loop: loop, isSnapStart: initialization.isSnapStart,
                outOfMemoryKills: { UInt64(cgroup.memoryKills()) })
            try runtime.deliverOutput(to: output)
            runtime.setCredentials(initialization.uniqueness.credentials)
            return runtime
        }
    }

    private func initialize(
        _ initialization: Initialization, _ blueprint: Blueprint, _ cell: Cell, _ runtime: HostedRuntime,
        within limit: Duration, output: OutputSink
    ) async throws(SandboxError) -> ReadyCall {
        let start = MonotonicClock.now()
        guard let side = cell.endpoint.takeProcessSide() else { throw .host("a cell was used twice") }
        let roots = roots
        let plan = try await BlockingThread.run { () throws(SandboxError) -> SpawnPlan in
            let root = try roots.rootForBooting(
                base: blueprint.root, code: blueprint.code, scratchBytes: blueprint.limits.scratchBytes)
            return RuntimePlan(
                initialization: initialization, cell: cell, output: side, root: try roots.steps(for: root)
            ).spawnPlan
        }
        let process: ChildProcess
        do throws(SpawnError) {
            process = try await spawner.spawn(plan)
        } catch {
            throw notStarted(error, output: output)
        }
        cell.arrived(process)
        try hostCall("watch a runtime") { () throws(Errno) in try runtime.adopt(process) }
        let passed = Duration.nanoseconds(Int64(clamping: MonotonicClock.now() - start))
        do throws(SandboxError) {
            return try await runtime.waitUntilReady(within: max(.zero, limit - passed))
        } catch .timedOut(let phase, _) {
            throw .timedOut(phase, limit: limit)
        }
    }

    /// A program that cannot be executed is the function's fault, and its log says so; everything before is the host's.
    private func notStarted(_ error: SpawnError, output: OutputSink) -> SandboxError {
        guard case .execution = error.stage else { return .host("\(error)") }
        output(
            Output(
                stream: .standardError, timestampNanoseconds: WallClock.now(), bytes: Array("\(error)\n".utf8)))
        return .runtimeExited(.notStarted(errno: error.errno.rawValue), during: .initialization)
    }
}
