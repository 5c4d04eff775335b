import Basics
import Glibc
import GuestProtocol
import LinuxKit
import RuntimeAPI
import Sandboxes
import SystemPackage

/// What a ``HostedRuntime`` knows and does, under its lock. Nothing here blocks.
///
/// ```
/// initializing ──▶ ready ◀──▶ running ──▶ settling ──▶ ready        any ──▶ ended
///    │   ▲            ▲
///    ▼   │            └── restoring ◀── waiting(restoreNext, invocationNext)
/// seedReady, waiting(seedNext)
/// ```
final class RuntimeCore {
    enum State {
        case initializing
        /// Booted, waits in `/runtime/seed/next`.
        case seedReady
        /// A clone that has not been let go yet; its process may not exist.
        case waiting(BlockingCall)
        /// After-restore hooks run.
        case restoring
        case ready(ReadyCall)
        case running(requestID: String)
        /// Has answered and not yet asked for more.
        case settling
        case ended(Ending)
    }

    enum Ending {
        case exited(ExitReason)
        case failed(SandboxError)

        func error(during phase: SandboxError.Phase) -> SandboxError {
            switch self {
            case .exited(let reason): .runtimeExited(reason, during: phase)
            case .failed(let error): error
            }
        }
    }

    /// What is waited for.
    enum Goal { case ready, seedReady, restored, answered, idle }

    enum Progress: Sendable {
        case ready(ReadyCall)
        case seedReady, restored, idle
        case answered(InvocationResult)
    }

    struct Waiter: Sendable {
        let goal: Goal
        let phase: SandboxError.Phase
        let limit: Duration
        /// Nanoseconds of CLOCK_MONOTONIC.
        let deadline: UInt64
        let outcome = Outcome<Result<Progress, SandboxError>>()
    }

    /// A waiter's outcome. Told when the lock is free again, or the waiter would wake up only to wait for it.
    struct Settled: Sendable {
        fileprivate let waiter: Waiter
        fileprivate let outcome: Result<Progress, SandboxError>

        func tell() { waiter.outcome.settle(outcome) }
    }

    private enum Token {
        static let standardOutput: UInt32 = 1
        static let standardError: UInt32 = 2
        static let process: UInt32 = 3
    }

    /// Nil once the runtime is done with.
    private(set) var server: RuntimeAPIServer?
    private let seat: LoopSeat
    private let outOfMemoryKills: @Sendable () -> UInt64
    private var state: State
    private var waiter: Waiter?
    /// Where the response of the running invocation goes, if in parts.
    private var response: ResponseStream?
    /// Outcomes that their waiters are still to be told.
    private var settled: [Settled] = []
    private var standardOutput: RuntimeOutput?
    private var standardError: RuntimeOutput?
    private var sink: OutputSink?
    private var process: ChildProcess?
    /// Of the sandbox's processes while they stand still.
    private var standstill: CgroupFreezer?

    init(
        _ hostSide: consuming RuntimeEndpoint.HostSide, cloneBlockedIn call: BlockingCall?,
        _ options: RuntimeAPIServer.Options, _ seat: LoopSeat, _ outOfMemoryKills: @escaping @Sendable () -> UInt64
    ) throws(Errno) {
        var options = options
        options.tokens = seat.tokens
        // One per sandbox, and there are thousands: a larger body takes a few more turns.
        options.readLength = 1 << 14
        self.seat = seat
        self.outOfMemoryKills = outOfMemoryKills
        state = call.map { .waiting($0) } ?? .initializing
        standardOutput = RuntimeOutput(hostSide.standardOutput, .standardOutput)
        standardError = RuntimeOutput(hostSide.standardError, .standardError)
        let server =
            if let call {
                try RuntimeAPIServer(
                    adopting: hostSide.connection, blockedIn: call, listener: hostSide.listener, options: options,
                    queue: seat.queue)
            } else {
                try RuntimeAPIServer(listener: hostSide.listener, options: options, queue: seat.queue)
            }
        self.server = server
        server.onEvent = { [unowned self] in handle($0) }
    }

    deinit { closeHostSide() }

    var isReady: Bool { if case .ready = state { true } else { false } }

    // MARK: - What the sandbox asks for

    func deliverOutput(to sink: @escaping OutputSink) throws(Errno) {
        guard self.sink == nil, let standardOutput, let standardError else { return }
        self.sink = sink
        try seat.watch(standardOutput.descriptor, .readable, as: Token.standardOutput)
        try seat.watch(standardError.descriptor, .readable, as: Token.standardError)
    }

    func adopt(_ process: ChildProcess) throws(Errno) {
        guard self.process == nil, server != nil else { return }
        try seat.watch(try process.pidfd.descriptor, .readable, as: Token.process)
        self.process = process
    }

    func startFromSeed(_ start: [UInt8]) throws(SandboxError) {
        guard case .waiting(.seedNext) = state, let server else { throw outOfTurn("a function", .initialization) }
        state = .initializing
        try wrapping(.lost(during: .initialization)) { try server.startFromSeed(start) }
    }

    func answerRestore(_ uniqueness: Uniqueness) throws(SandboxError) {
        guard case .waiting(let call) = state, call != .seedNext, let server else {
            throw outOfTurn("a restore", .restore)
        }
        server.setCredentials(uniqueness.credentials)
        state = .restoring
        try wrapping(.lost(during: .restore)) { try server.release(uniqueness) }
    }

    /// Keeps the waiter, or answers it at once.
    func wait(_ new: Waiter) {
        if case .ended(let ending) = state {
            settle(new, .failure(ending.error(during: new.phase)))
        } else if waiter != nil {
            settle(new, .failure(.lost("two waited for it at once", during: new.phase)))
        } else if let progress = progress(to: new.goal) {
            settle(new, .success(progress))
        } else {
            waiter = new
        }
    }

    /// The answer to this waiter is the invocation's.
    func invoke(_ invocation: Invocation, _ response: ResponseStream?, _ new: Waiter) {
        guard case .ready = state, let server else {
            return settle(new, .failure(outOfTurn("an invocation", .invocation)))
        }
        state = .running(requestID: invocation.requestID)
        wait(new)
        // Its time may be over already.
        guard case .running = state else { return }
        self.response = response
        do {
            try wrapping(.lost(during: .invocation)) { try server.invoke(invocation, inParts: response != nil) }
            // After that: the kernel wakes one thread after the other, and the one that waits for the event goes on at once.
            try moveOn()
        } catch {
            finish(.failed(error))
        }
    }

    /// Stops the sandbox's processes until the next invocation, unless that has begun.
    func standStill(_ freezer: CgroupFreezer) throws(Errno) {
        guard case .ready(.invocationNext) = state, standstill == nil else { return }
        try freezer.freeze()
        standstill = freezer
    }

    private func moveOn() throws(SandboxError) {
        guard let freezer = standstill.take() else { return }
        try hostCall("thaw the processes of a sandbox") { try freezer.thaw() }
    }

    func quiesce() throws(SandboxError) -> HostedRuntime.Quiescence {
        let call: BlockingCall
        switch state {
        case .ready(.restoreNext): call = .restoreNext
        case .ready(.invocationNext): call = .invocationNext
        case .seedReady: call = .seedNext
        default: throw outOfTurn("a freeze", .freeze)
        }
        if let names = server?.extensionNames, !names.isEmpty {
            throw .freezeRefused(
                "the extension \(names.joined(separator: ", ")) holds a connection to the Runtime API of its own")
        }
        drainOutput()
        server?.closeIdleConnections()
        guard let port = server?.blockedClientPort else {
            throw .lost("the runtime has given up the connection on which it waited", during: .freeze)
        }
        return HostedRuntime.Quiescence(
            call: call, clientPort: port, keepsConnection: server?.keepsBlocked ?? true)
    }

    func drainOutput() {
        drainStandardOutput()
        drainStandardError()
    }

    func end(_ error: SandboxError) {
        drainOutput()
        finish(.failed(error))
        closeHostSide()
    }

    private func outOfTurn(_ what: String, _ phase: SandboxError.Phase) -> SandboxError {
        if case .ended(let ending) = state { return ending.error(during: phase) }
        return .lost("\(what) was asked of a runtime that is \(state)", during: phase)
    }

    // MARK: - What happens

    func handle(_ event: EventQueue.Event) {
        guard event.token & RuntimeAPIServer.tokenMark == 0 else {
            server?.process(event)
            return
        }
        switch LoopSeat.local(event) {
        case Token.standardOutput: drainStandardOutput()
        case Token.standardError: drainStandardError()
        default: processMayHaveEnded()
        }
    }

    /// Here a restore, an init or an invocation that takes too long ends: its waiter gets the error.
    func deadlinePassed(at now: UInt64) {
        guard let waiter, waiter.deadline <= now else { return }
        finish(.failed(.timedOut(waiter.phase, limit: waiter.limit)))
    }

    private func handle(_ event: RuntimeEvent) {
        switch (event, state) {
        case (.responded(let answered, let payload), .running(let asked)) where answered == asked:
            state = .settling
            resume(.answered(.response(payload)))
        case (.invocationFailed(let answered, let failure), .running(let asked)) where answered == asked:
            state = .settling
            resume(.answered(.error(failure)))
        case (.responseBegan(let answered, let contentType), .running(let asked)) where answered == asked:
            response?.begin(contentType: contentType)
        case (.responsePart(let answered, let bytes), .running(let asked)) where answered == asked:
            if let response, !response.body.write(bytes) { server?.pauseResponse() }
        case (.responseEnded(let answered), .running(let asked)) where answered == asked:
            state = .settling
            resume(.answered(.streamed))
        // Everything below ends a phase in the log: what was written before must be there before.
        case (.extensionsReported(let reports), .initializing):
            drainOutput()
            for report in reports { sink?(Output(report, at: WallClock.now())) }
        case (.initialized(let call), .initializing):
            drainOutput()
            arrive(at: .ready(call))
        case (.seedReady, .initializing):
            drainOutput()
            arrive(at: .seedReady)
        case (.restored, .restoring), (.idle, .settling):
            drainOutput()
            arrive(at: .ready(.invocationNext))
        case (.initializationFailed(let failure), .initializing):
            drainOutput()
            finish(.failed(.initializationFailed(failure)))
        case (.restoreFailed(let failure), .restoring):
            drainOutput()
            finish(.failed(.restoreFailed(failure)))
        default:
            // Of a runtime that has been given up.
            break
        }
    }

    private func arrive(at new: State) {
        state = new
        if let waiter, let progress = progress(to: waiter.goal) { resume(progress) }
    }

    private func progress(to goal: Goal) -> Progress? {
        switch (goal, state) {
        case (.ready, .ready(let call)): .ready(call)
        case (.seedReady, .seedReady): .seedReady
        case (.restored, .ready): .restored
        case (.idle, .ready): .idle
        default: nil
        }
    }

    private func resume(_ progress: Progress) {
        if let waiter { settle(waiter, .success(progress)) }
        waiter = nil
        response = nil
    }

    private func settle(_ waiter: Waiter, _ outcome: Result<Progress, SandboxError>) {
        settled.append(Settled(waiter: waiter, outcome: outcome))
    }

    /// Hands over what is to be told.
    func takeSettled() -> [Settled] {
        if settled.isEmpty { return [] }
        defer { settled = [] }
        return settled
    }

    /// Only the first reason counts.
    private func finish(_ ending: Ending) {
        if case .ended = state { return }
        state = .ended(ending)
        if let waiter { settle(waiter, .failure(ending.error(during: waiter.phase))) }
        waiter = nil
        response = nil
    }

    // MARK: - Process

    private func processMayHaveEnded() {
        guard let process else { return }
        let ending: Ending
        do {
            guard let exit = try process.poll() else { return }
            server?.readRest()
            drainOutput()
            ending = .exited(reason(exit))
        } catch {
            ending = .failed(.lost("nobody saw how the runtime ended: \(error)", during: .invocation))
        }
        unwatch(process)
        self.process = nil
        finish(ending)
    }

    private func reason(_ exit: ProcessExit) -> ExitReason {
        switch exit.reason {
        case .exited(let status): .exited(status: status)
        case .killed(SIGKILL, _) where outOfMemoryKills() > 0: .outOfMemory
        case .killed(let signal, _): .killed(signal: signal)
        }
    }

    private func drainStandardOutput() {
        if let sink, let open = standardOutput, !open.drain(into: sink) { standardOutput = nil }
    }

    private func drainStandardError() {
        if let sink, let open = standardError, !open.drain(into: sink) { standardError = nil }
    }

    private func unwatch(_ process: ChildProcess) {
        if let pidfd = try? process.pidfd { seat.unwatch(pidfd.descriptor) }
    }

    /// Closes everything the host has of the runtime. The process may live on, and others know it.
    private func closeHostSide() {
        if let process { unwatch(process) }
        process = nil
        server = nil
        standardOutput = nil
        standardError = nil
    }
}
