import CProcessImage
import Glibc
import LinuxKit
import Logging
import ProcessImages
import RuntimeAPI
import Sandboxes
import Snapshots
import Synchronization
import SystemPackage

/// Starts templates: a process that has the frozen memory and never runs any of it.
struct TemplateStarter: Sendable {
    /// Filling 10 GiB from a cold disk takes that long.
    private static let limit = Duration.seconds(60)
    private static let packetSize = 64

    let restorer: Restorer
    let roots: SandboxRoots
    let cgroups: EngineCgroups
    let spawner: Spawner
    let loop: EngineLoop
    let logger: Logger

    /// Returns when the template serves.
    /// - Parameters:
    ///   - birth: ends the start early.
    ///   - onLoss: called once, on the loop, when it does not serve any more.
    func start(
        _ image: ProcessImage, root: SandboxRoot, birth: TemplateBirth,
        onLoss: @escaping @Sendable (TemplateProcess) -> Void
    ) async throws(SandboxError) -> TemplateProcess {
        let pair = try hostCall("make a socket pair") { try PacketSocket.pair() }
        let (ours, theirs) = pair.take { ($0.shared(), $1.shared()) }
        let plan = try await BlockingThread.run { [self] () throws(SandboxError) -> SpawnPlan in
            try self.plan(image, root: root, socket: theirs)
        }
        let process = try await hostCall { try await spawner.spawn(plan) }
        guard birth.began(process) else {
            await process.end()
            throw .shuttingDown
        }
        // The kernel must not take memory back from all clones' parent, but not every host lets us say so.
        do { try process.setOutOfMemoryScore(KillOrder.template.rawValue) } catch {
            logger.debug("cannot protect a template when memory is out", metadata: ["error": "\(error)"])
        }
        do {
            try await Self.waitUntilReady(process, ours)
            let bytes = await BlockingThread.run { Self.residentBytes(of: process) }
            return try TemplateProcess(process, bytes: bytes, socket: ours, loop: loop, onLoss: onLoss)
        } catch {
            await process.end()
            throw error
        }
    }

    private func plan(
        _ image: ProcessImage, root: SandboxRoot, socket: SharedDescriptor
    ) throws(SandboxError) -> SpawnPlan {
        var plan = restorer.plan(arguments: ["template"] + (HugePages.setting == .always ? ["huge-pages-for-all"] : []))
        plan.namespaces = [.mount]
        plan.cgroup = try hostCall { try cgroups.createForTemplates() }
        plan.steps = try roots.steps(for: root) + [.newSession, .parentDeathSignal(SIGKILL)]
        let state = try hostCall("make a file in memory") { try image.sealedState().shared() }
        plan.descriptors = [3: socket, 4: state, 5: image.memory]
        if let base = image.base { plan.descriptors[6] = base }
        return plan
    }

    private static func waitUntilReady(_ process: ChildProcess, _ socket: SharedDescriptor) async throws(SandboxError) {
        let isReady = try await BlockingThread.run { () throws(SandboxError) in try waitUntilReady(socket) }
        if isReady { return }
        let end = await end(of: process)
        throw .host("a template ended before it was ready: \(end)")
    }

    /// False when it ended instead, without a word.
    private static func waitUntilReady(_ socket: SharedDescriptor) throws(SandboxError) -> Bool {
        let message = try hostCall("hear of a template") { () throws -> SocketMessage? in
            guard try socket.descriptor.wait(for: .readable, atMost: limit) else { return nil }
            return try socket.descriptor.receiveMessage(upTo: packetSize)
        }
        guard let message else { throw .host("a template was not ready within \(limit)") }
        if let failure = RestorerFailure(packet: message.bytes) { throw failure.error() }
        guard message.bytes.count >= 4 else { return false }
        let kind = message.bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
        guard kind == THAW_TEMPLATE_READY.rawValue else {
            throw .host("a template said \(kind) instead of being ready")
        }
        return true
    }

    /// How a process ended that has closed its socket.
    private static func end(of process: ChildProcess) async -> String {
        switch await process.end()?.reason {
        case .exited(let status): "status \(status)"
        case .killed(let signal, _): "signal \(signal)"
        case nil: "nobody knows how"
        }
    }

    /// Before a clone has any of it: what the template takes of the host's memory. Nil when the kernel does not tell.
    private static func residentBytes(of process: ChildProcess) -> UInt64? {
        let text = try? SmallFile.text(FilePath("/proc/\(process.pid)/smaps_rollup"))
        return text.map { MemoryUse(smapsRollup: $0).proportional }
    }
}

/// The start of a template, which who does not want it any more can end before it serves.
final class TemplateBirth: Sendable {
    private enum State {
        case unborn
        case underway(ChildProcess)
        case cancelled
    }

    private let state = Mutex(State.unborn)

    /// False: it is not wanted any more.
    func began(_ process: ChildProcess) -> Bool {
        state.withLock { state in
            if case .cancelled = state { return false }
            state = .underway(process)
            return true
        }
    }

    /// Who waits for it to serve hears that it has ended.
    func cancel() {
        let before = state.withLock { state in
            defer { state = .cancelled }
            return state
        }
        if case .underway(let process) = before { try? process.signal(SIGKILL) }
    }
}
