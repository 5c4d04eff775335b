import Basics
import GuestProtocol
import LinuxKit
import RuntimeAPI
import Sandboxes
import Synchronization
import SystemPackage

/// One process sandbox's runtime as the host sees it: its Runtime API, its output, its end.
///
/// Made before the process exists, which is then given with ``adopt(_:)``. Any thread may call in: what an invocation needs
/// is written by the caller itself, and what the runtime does comes from the ``EngineLoop``. One task at a time waits here.
///
/// After an error the runtime is of no more use. The process belongs to the sandbox, which kills it.
package final class HostedRuntime: LoopMember {
    /// How a runtime stands before it is frozen.
    package struct Quiescence: Sendable, Equatable {
        package let call: BlockingCall
        /// The runtime's own port of the connection on which it waits.
        package let clientPort: UInt16
        /// Whether it goes on after the answer.
        package let keepsConnection: Bool
    }

    private let seat: LoopSeat
    private let core: Mutex<RuntimeCore>
    private let memory = RuntimeMemory()

    /// For a process that boots: it finds a Runtime API that nobody has called yet.
    /// - Parameters:
    ///   - servesSeed: whether the runtime may wait to be told its function, see ``waitUntilSeedReady(by:)``.
    ///   - outOfMemoryKills: how many processes of this sandbox the kernel has killed for want of memory. Asked when the
    ///     runtime was killed.
    package convenience init(
        booting endpoint: RuntimeEndpoint, loop: EngineLoop, isSnapStart: Bool, servesSeed: Bool = false,
        outOfMemoryKills: @escaping @Sendable () -> UInt64
    ) throws(Errno) {
        var options = RuntimeAPIServer.Options(isSnapStart: isSnapStart)
        options.servesSeed = servesSeed
        try self.init(endpoint, cloneBlockedIn: nil, loop, options, outOfMemoryKills)
    }

    /// For a clone of a process that was frozen while it waited in `call`.
    /// - Parameter keepsConnection: whether its connection goes on after the answer.
    package convenience init(
        cloneBlockedIn call: BlockingCall, endpoint: RuntimeEndpoint, loop: EngineLoop, isSnapStart: Bool,
        keepsConnection: Bool = true, outOfMemoryKills: @escaping @Sendable () -> UInt64
    ) throws(Errno) {
        var options = RuntimeAPIServer.Options(isSnapStart: isSnapStart)
        options.keepsAdopted = keepsConnection
        try self.init(endpoint, cloneBlockedIn: call, loop, options, outOfMemoryKills)
    }

    private init(
        _ endpoint: RuntimeEndpoint, cloneBlockedIn call: BlockingCall?, _ loop: EngineLoop,
        _ options: RuntimeAPIServer.Options, _ outOfMemoryKills: @escaping @Sendable () -> UInt64
    ) throws(Errno) {
        // Used before: nothing of it is left.
        guard let hostSide = endpoint.takeHostSide() else { throw .badFileDescriptor }
        let seat = try loop.makeSeat()
        self.seat = seat
        core = Mutex(try RuntimeCore(hostSide, cloneBlockedIn: call, options, seat, outOfMemoryKills))
        seat.occupy(by: self)
    }

    // MARK: - The process

    /// Begins to pass on what the runtime writes: call it before it runs. `sink` is called under a lock, on any thread.
    package func deliverOutput(to sink: @escaping OutputSink) throws(Errno) {
        try locked { core throws(Errno) in try core.deliverOutput(to: sink) }
    }

    /// Notices from now on when the process ends, and reaps it.
    package func adopt(_ process: ChildProcess) throws(Errno) {
        memory.follow(process.pid)
        try locked { core throws(Errno) in try core.adopt(process) }
    }

    /// What extensions are told of their function.
    func setFunction(_ function: FunctionIdentity) {
        locked { $0.server?.setFunction(function) }
    }

    func setCredentials(_ credentials: Credentials) {
        locked { $0.server?.setCredentials(credentials) }
    }

    // MARK: - Init

    /// Waits until init is complete: the runtime waits for a restore or for an invocation.
    package func waitUntilReady(by deadline: Deadline) async throws(SandboxError) -> ReadyCall {
        let progress = try await wait(for: .ready, during: .initialization, by: deadline)
        if case .ready(let call) = progress { return call }
        throw .lost("init ended in \(progress)", during: .initialization)
    }

    /// Waits until a runtime that is booted as a seed waits to be told its function.
    package func waitUntilSeedReady(by deadline: Deadline) async throws(SandboxError) {
        _ = try await wait(for: .seedReady, during: .initialization, by: deadline)
    }

    /// Tells a clone of a seed its function, in the JSON that `/runtime/seed/next` answers; its init begins.
    package func startFromSeed(_ start: [UInt8]) throws(SandboxError) {
        try locked { core throws(SandboxError) in try core.startFromSeed(start) }
    }

    // MARK: - Restore

    /// Lets a clone go on as one of its own. The process need not exist yet: it wakes up to find its answer waiting.
    package func answerRestore(_ uniqueness: Uniqueness) throws(SandboxError) {
        try locked { core throws(SandboxError) in try core.answerRestore(uniqueness) }
    }

    /// Waits until the after-restore hooks have run.
    package func waitUntilRestored(by deadline: Deadline) async throws(SandboxError) {
        _ = try await wait(for: .restored, during: .restore, by: deadline)
    }

    // MARK: - Invocations

    /// False once the runtime ended or failed, and while it is at work.
    package var isUsable: Bool { locked { $0.isReady } }

    /// Hands over one event and waits for the answer, to its end where it goes to `response`.
    package func invoke(
        _ invocation: Invocation, streaming response: ResponseStream? = nil, deadline: Deadline
    ) async throws(SandboxError) -> InvocationResult {
        response?.body.onRoom { [weak self] in self?.resumeResponse() }
        let progress = try await wait(for: .answered, during: .invocation, by: deadline) { core, waiter in
            core.invoke(invocation, response, waiter)
        }
        if case .answered(let result) = progress { return result }
        throw .lost("an invocation ended in \(progress)", during: .invocation)
    }

    /// There is room again for a response in parts; does nothing for one that has ended.
    private func resumeResponse() { locked { $0.server?.resumeResponse() } }

    /// Waits until the runtime asks for its next invocation; the most memory it has used, in bytes.
    package func waitUntilIdle(by deadline: Deadline) async throws(SandboxError) -> UInt64 {
        _ = try await wait(for: .idle, during: .invocation, by: deadline)
        return locked { core in
            // Its number may be another's soon.
            if !core.isReady { memory.forget() }
            return memory.peak()
        }
    }

    /// The most memory it has used up to now, in bytes.
    package var memoryPeak: UInt64 { memory.peak() }

    /// Stops `freezer`'s processes, the runtime's among them, until the next invocation; does nothing once that has begun, or the
    /// runtime has ended.
    package func standStill(_ freezer: CgroupFreezer) throws(Errno) {
        try locked { core throws(Errno) in try core.standStill(freezer) }
    }

    // MARK: - The end

    /// Readies a waiting runtime for a freeze: passes on what it has written and closes its idle connections.
    package func quiesce() throws(SandboxError) -> Quiescence {
        try locked { core throws(SandboxError) in try core.quiesce() }
    }

    /// Passes on what the runtime has written up to now.
    func drainOutput() { locked { $0.drainOutput() } }

    /// Ends every wait with `error` and lets go of everything but the process. Safe to call twice.
    package func end(_ error: SandboxError = .destroyed) {
        locked { $0.end(error) }
        memory.forget()
    }

    // MARK: - Loop

    private func locked<R: Sendable, E: Error>(
        _ body: (inout sending RuntimeCore) throws(E) -> sending R
    ) throws(E) -> R {
        var settled: [RuntimeCore.Settled] = []
        defer { for waiter in settled { waiter.tell() } }
        return try core.withLock { core throws(E) in
            defer { settled = core.takeSettled() }
            return try body(&core)
        }
    }

    package func handle(_ event: EventQueue.Event) { locked { $0.handle(event) } }

    package func deadlinePassed() { locked { $0.deadlinePassed(at: MonotonicClock.now()) } }

    /// - Parameter start: what begins that for which is waited; told the waiter under the lock, it keeps or answers it.
    private func wait(
        for goal: RuntimeCore.Goal, during phase: SandboxError.Phase, by deadline: Deadline,
        start: (RuntimeCore, RuntimeCore.Waiter) -> Void = { $0.wait($1) }
    ) async throws(SandboxError) -> RuntimeCore.Progress {
        let end = MonotonicClock.now() + UInt64(deadline.remaining.nanoseconds)
        let waiter = RuntimeCore.Waiter(goal: goal, phase: phase, limit: deadline.limit, deadline: end)
        locked { start($0, waiter) }
        // Not before the waiter is there: the loop tells whom it finds.
        seat.setDeadline(end)
        return try await waiter.outcome.wait().get()
    }
}
