import LinuxKit
import ProcessImages
import RuntimeAPI
import Sandboxes
import SlotNetwork
import Snapshots
import SystemPackage

/// The way from a running sandbox to the files of a snapshot.
struct SandboxFreeze: Sendable {
    let cell: Cell
    let runtime: HostedRuntime
    let engine: ProcessEngine
    let blueprint: ProcessBlueprint
    let origin: Template?

    func write(into staging: SnapshotStaging) async throws(SandboxError) -> FrozenSandbox {
        guard let process = cell.tenant else { throw .destroyed }
        let pid = process.pid
        await BlockingThread.run { ProcessFreezer.settle(pid) }
        let quiescence = try runtime.quiesce()
        let target = FreezeTarget(
            pid: process.pid, initPID: cell.holderID, standardOutput: cell.endpoint.standardOutputInode,
            standardError: cell.endpoint.standardErrorInode, runtimeAPIPort: quiescence.clientPort,
            namespace: try cell.slot.openNetwork(), origin: try await origin?.image(),
            connections: blueprint.connections, ownsScratch: true)
        let directory = staging.directory
        let base = try base(target.origin)
        let clock = ContinuousClock()
        let start = clock.now
        let frozen: FrozenProcess
        do {
            frozen = try await BlockingThread.run { () throws(FreezeError) in
                try ProcessFreezer.freeze(target, into: directory, base: base)
            }
        } catch {
            switch error {
            case .refused: throw .freezeRefused("the runtime cannot be frozen: \(error)", cause: error)
            case .failed(let reason): throw .host("the runtime cannot be frozen: \(reason)", cause: error)
            }
        }
        runtime.drainOutput()
        if !frozen.hasScratch {
            try await keepScratch(of: process, at: staging.path(ProcessBlueprint.File.scratch))
        }
        var blueprint = blueprint
        blueprint.keepsConnection = quiescence.keepsConnection
        return FrozenSandbox(
            engine: blueprint.manifest(engine.host), pause: clock.now - start, remarks: frozen.remarks)
    }

    /// What a function that was started from a seed still shares with it is not written again.
    private func base(_ image: ProcessImage?) throws(SandboxError) -> BaseMemory? {
        guard let image, origin?.blueprint.code == nil else { return nil }
        return try hostCall("map the memory of a seed") { try BaseMemory(image) }
    }

    // MARK: - /tmp

    /// Makes an image of what the process, which stands still, has in /tmp. Nothing is made of nothing.
    private func keepScratch(of process: ChildProcess, at image: FilePath) async throws(SandboxError) {
        guard let scratch = try await BlockingThread.run({ () throws(SandboxError) in try Self.scratch(of: process) })
        else { return }
        let file = try hostCall("make \(image)") {
            try OwnedDescriptor.open(
                image, .readWrite, options: [.create, .exclusiveCreate, .noFollow], permissions: [.ownerRead]
            ).shared()
        }
        try await ScratchImageMaker(workshop: engine.workshop).make(
            of: scratch, in: file, scratchBytes: blueprint.limits.scratchBytes, reader: process)
    }

    /// Its /tmp; nil when that is empty. Blocks.
    private static func scratch(of process: ChildProcess) throws(SandboxError) -> DetachedMount? {
        let entries = try hostCall("list /tmp of a sandbox") {
            // Through the process's own root, which nothing but its end takes away.
            try Directory.entries(FilePath("/proc/\(process.pid)/root/tmp"))
        }
        if entries.isEmpty { return nil }
        let pidfd = try hostCall("reach a sandbox") { try process.pidfd }
        return try hostCall { try DetachedMount.copy(of: "/tmp", seenBy: pidfd) }
    }
}
