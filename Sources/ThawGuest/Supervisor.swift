import Glibc
import GuestProtocol
import LinuxKit
import RuntimeAPI
import SystemPackage

/// The guest's one loop: obeys the host, serves the runtime, passes on what it writes, and buries its dead.
///
/// Single-threaded. On the way from a restore to the first response the runtime is always served before the host is told,
/// because the runtime's work is what the caller waits for.
final class Supervisor {
    enum Phase {
        /// Waits for `initialize`.
        case booted
        case running(Runtime)
        /// The runtime is stopped; nothing is read or told until `thaw`.
        case frozen(Runtime)
        /// The runtime has ended, or could not be started.
        case ended
        /// `stop` has come; the runtime is killed at the deadline (CLOCK_MONOTONIC, nanoseconds).
        case stopping(Runtime, deadline: UInt64)
        case off
    }

    struct Runtime {
        let process: RuntimeProcess
        let api: RuntimeAPIServer
        let outOfMemoryKillsBefore: UInt64
    }

    private enum Token {
        static let control: UInt64 = 1
        static let signals: UInt64 = 2
        static let standardOutput: UInt64 = 3
        static let standardError: UInt64 = 4
        static let rehearsal: UInt64 = 5
    }

    private let queue: EventQueue
    private let port: ControlPort
    private let signals: SignalDescriptor
    private let duties: any Duties
    private let runtimeAPIPort: UInt16
    private var phase = Phase.booted
    private var rehearsalEnd: SharedDescriptor?
    /// Parts of a response that the host has not yet asked to go on from, in bytes.
    private var unconfirmed = 0

    init(port: ControlPort, duties: any Duties, runtimeAPIPort: UInt16) throws(Errno) {
        queue = try EventQueue()
        self.port = port
        signals = try SignalDescriptor([SIGCHLD])
        try Self.ignoreStoppedChildren()
        self.duties = duties
        self.runtimeAPIPort = runtimeAPIPort
        try queue.add(port.descriptor, .changes, token: Token.control)
        try queue.add(signals.descriptor, .readable, token: Token.signals)
    }

    /// SIGCHLD for children that end only: stopping and continuing them is our own doing.
    private static func ignoreStoppedChildren() throws(Errno) {
        var action = sigaction()
        action.sa_flags = SA_NOCLDSTOP
        try syscall { sigaction(SIGCHLD, &action, nil) }
    }

    /// Runs until the host says stop.
    func run() {
        port.send(.hello(kernelRelease: HostSystem.kernelRelease()))
        while true {
            if case .off = phase { return }
            do throws(Errno) {
                try queue.wait(atMost: patience()) { handle($0) }
            } catch {
                fault("waiting for events failed: \(error)")
                return
            }
            if case .stopping(let runtime, let deadline) = phase, MonotonicClock.now() >= deadline {
                finishStopping(runtime)
            }
        }
    }

    /// How long the loop may sleep: for ever, but for a runtime that has been told to stop.
    private func patience() -> Duration? {
        guard case .stopping(_, let deadline) = phase else { return nil }
        let now = MonotonicClock.now()
        return deadline <= now ? .zero : .nanoseconds(Int64(clamping: deadline - now))
    }

    private func handle(_ event: EventQueue.Event) {
        if event.token & RuntimeAPIServer.tokenMark != 0 {
            runtime?.api.process(event)
            return
        }
        switch event.token {
        case Token.control: handleControl(event)
        case Token.rehearsal: finishRehearsal()
        case Token.standardOutput: pass { $0.standardOutput.drain(into: port) }
        case Token.standardError: pass { $0.standardError.drain(into: port) }
        default: handleSignals()
        }
    }

    private var runtime: Runtime? {
        switch phase {
        case .running(let runtime), .frozen(let runtime), .stopping(let runtime, _): runtime
        case .booted, .ended, .off: nil
        }
    }

    /// Passes output on, unless frozen: then it waits in its pipe.
    private func pass(_ body: (RuntimeProcess) -> Void) {
        switch phase {
        case .running(let runtime), .stopping(let runtime, _): body(runtime.process)
        default: break
        }
    }

    /// What was written before is told before what is sent now.
    private func flush(_ process: RuntimeProcess) {
        process.standardOutput.flush(into: port)
        process.standardError.flush(into: port)
    }

    // MARK: - Host

    private func handleControl(_ event: EventQueue.Event) {
        if event.isWritable, port.hasUnsent {
            port.flush()
            pass {
                $0.standardOutput.resume(into: port)
                $0.standardError.resume(into: port)
            }
        }
        while true {
            switch port.receive() {
            case .frame(let frame):
                do throws(FrameError) {
                    obey(try HostMessage(frame: frame))
                } catch {
                    fault("cannot understand the host: \(error)")
                }
            case .unreadable(let error):
                fault("cannot read what the host sends: \(error)")
                phase = .off
                return
            case .broken: reconnect()
            case .nothing: return
            }
            if case .off = phase { return }
        }
    }

    /// A clone's connection is its template's, of which nobody holds the other end.
    private func reconnect() {
        do throws(GuestError) {
            try port.reconnect()
            try GuestError.wrap("watching the connection to the host") { () throws(Errno) in
                try queue.add(port.descriptor, .changes, token: Token.control)
            }
        } catch {
            // Nobody is there to be told, or to serve.
            Console.write("thaw guest: \(error.description)\n")
            powerOff()
        }
    }

    private func obey(_ message: HostMessage) {
        switch (message, phase) {
        case (.thaw(let uniqueness), .frozen(let runtime)): thaw(runtime, uniqueness)
        case (.rehearse, .frozen(let runtime)): rehearse(runtime)
        case (.invoke(let invocation), .running(let runtime)): invoke(runtime, invocation)
        case (.invokeInParts(let invocation), .running(let runtime)): invoke(runtime, invocation, inParts: true)
        case (.moreParts(let requestID), .running(let runtime)): sendMore(runtime, requestID)
        case (.initialize(let initialization), .booted): initialize(initialization)
        case (.freeze, .running(let runtime)): freeze(runtime)
        case (.stop(let grace), _): stop(graceMilliseconds: grace)
        case (_, .ended), (_, .stopping), (_, .off):
            // The host has not yet read that the runtime is gone.
            break
        case (.initialize, _): fault("initialize came twice")
        case (.freeze, _): fault("freeze came while no runtime was running")
        case (.thaw, _): fault("thaw came while nothing was frozen")
        case (.rehearse, _): fault("rehearse came while nothing was frozen")
        case (.moreParts, _):
            // Of an answer that is over.
            break
        case (.invoke, _), (.invokeInParts, _): fault("invoke came while no runtime was running")
        }
    }

    private func initialize(_ initialization: Initialization) {
        do throws(GuestError) {
            try duties.makeUnique(initialization.uniqueness)
        } catch {
            fault(error.description)
            return
        }
        let api: RuntimeAPIServer
        do throws(Errno) {
            api = try RuntimeAPIServer(
                port: runtimeAPIPort, options: .init(isSnapStart: initialization.isSnapStart), queue: queue)
        } catch {
            fault("cannot listen on port \(runtimeAPIPort): \(error)")
            return
        }
        api.setCredentials(initialization.uniqueness.credentials)
        api.setFunction(initialization.function)
        api.onEvent = { [unowned self] in handle($0) }
        let killsBefore = duties.outOfMemoryKills()
        do throws(GuestError) {
            let process = try RuntimeProcess(
                initialization, runtimeAPIPort: api.port, confined: duties.confinesRuntime)
            phase = .running(Runtime(process: process, api: api, outOfMemoryKillsBefore: killsBefore))
            try watch(process)
        } catch {
            phase = .ended
            port.send(.output(Output(text: "\(error.description)\n")))
            port.send(.runtimeExited(error.exitReason(initialization)))
        }
    }

    private func watch(_ process: RuntimeProcess) throws(GuestError) {
        try GuestError.wrap("watching the runtime's output") { () throws(Errno) in
            try queue.add(process.standardOutput.descriptor, .changes, token: Token.standardOutput)
            try queue.add(process.standardError.descriptor, .changes, token: Token.standardError)
        }
    }

    /// Stops the runtime too: when a clone resumes, an overdue timer must not run user code before the clone is unique.
    private func freeze(_ runtime: Runtime) {
        duties.signalAll(SIGSTOP, runtime: runtime.process.pid)
        PageWarming.warm(runtime.process.pid)
        duties.flush()
        flush(runtime.process)
        phase = .frozen(runtime)
        port.send(.frozen)
    }

    private func thaw(_ runtime: Runtime, _ uniqueness: Uniqueness) {
        do throws(GuestError) {
            try duties.makeUnique(uniqueness)
        } catch {
            fault(error.description)
            return
        }
        runtime.api.setCredentials(uniqueness.credentials)
        phase = .running(runtime)
        do throws(RuntimeAPIError) {
            // The runtime wakes up to find its answer waiting.
            try runtime.api.release(uniqueness) {
                duties.signalAll(SIGCONT, runtime: runtime.process.pid)
                port.send(.thawed)
            }
        } catch {
            fault(error.description)
        }
    }

    private func rehearse(_ runtime: Runtime) {
        do throws(GuestError) {
            let end = try GuestError.wrap("making an event descriptor") { () throws(Errno) in
                let end = try OwnedDescriptor.event().shared()
                try queue.add(end.descriptor, .readable, token: Token.rehearsal)
                return end
            }
            rehearsalEnd = end
            try Rehearsal.begin(duties, port: runtime.api.port, done: end)
            // What every invocation ends with.
            _ = runtime.process.maximumMemoryBytes()
        } catch {
            fault(error.description)
        }
    }

    private func finishRehearsal() {
        // Its thread holds the descriptor too: read, it stops being readable.
        _ = try? rehearsalEnd?.descriptor.read(upTo: 8)
        rehearsalEnd = nil
        port.send(.rehearsed)
    }

    private func invoke(_ runtime: Runtime, _ invocation: Invocation, inParts: Bool = false) {
        unconfirmed = 0
        do throws(RuntimeAPIError) {
            try runtime.api.invoke(invocation, inParts: inParts)
        } catch {
            fault(error.description)
        }
    }

    private func sendMore(_ runtime: Runtime, _ requestID: String) {
        guard runtime.api.isSendingParts(of: requestID) else { return }
        unconfirmed = 0
        runtime.api.resumeResponse()
    }

    private func stop(graceMilliseconds: UInt32) {
        switch phase {
        case .running(let runtime), .frozen(let runtime):
            phase = .stopping(runtime, deadline: MonotonicClock.now() + UInt64(graceMilliseconds) * 1_000_000)
            runtime.process.signal(SIGTERM)
            duties.signalAll(SIGCONT, runtime: runtime.process.pid)
        case .booted, .ended: powerOff()
        case .stopping, .off: break
        }
    }

    private func finishStopping(_ runtime: Runtime) {
        duties.signalAll(SIGKILL, runtime: runtime.process.pid)
        flush(runtime.process)
        powerOff()
    }

    private func powerOff() {
        port.flush()
        phase = .off
        duties.powerOff()
    }

    /// Tells the host that this sandbox must not be used any more.
    private func fault(_ text: String) { port.send(.fault(text)) }

    // MARK: - Runtime

    private func handle(_ event: RuntimeEvent) {
        guard let runtime else { return }
        switch event {
        case .responded(let requestID, let payload):
            port.send(.response(requestID: requestID, payload: payload))
        case .invocationFailed(let requestID, let failure):
            port.send(.invocationFailed(requestID: requestID, failure))
        case .responseBegan(let requestID, let contentType):
            port.send(.responseBegan(requestID: requestID, contentType: contentType))
        case .responsePart(let requestID, let bytes):
            port.send(.responsePart(requestID: requestID, bytes))
            unconfirmed += bytes.count
            if unconfirmed >= ResponseWindow.bytes { runtime.api.pauseResponse() }
        case .responseEnded(let requestID): port.send(.responseEnded(requestID: requestID))
        case .seedReady:
            // A route this server was not asked to have.
            break
        // Everything below ends a phase in the log: what was written before must be there before.
        case .extensionsReported(let reports):
            flush(runtime.process)
            for report in reports { port.send(.output(Output(report, at: WallClock.now()))) }
        case .initialized(let call):
            flush(runtime.process)
            port.send(.initialized(call))
        case .initializationFailed(let failure):
            flush(runtime.process)
            port.send(.initializationFailed(failure))
        case .restored:
            flush(runtime.process)
            port.send(.restored)
        case .restoreFailed(let failure):
            flush(runtime.process)
            port.send(.restoreFailed(failure))
        case .idle:
            flush(runtime.process)
            port.send(.idle(maximumMemoryBytes: runtime.process.maximumMemoryBytes()))
        }
    }

    // MARK: - Children

    private func handleSignals() {
        _ = try? signals.pending()
        while let ended = (try? ZombieReaper.next()) ?? nil {
            guard let runtime, ended.pid == runtime.process.pid else { continue }
            flush(runtime.process)
            port.send(.runtimeExited(reason(ended, runtime)))
            if case .stopping = phase {
                powerOff()
            } else {
                phase = .ended
            }
        }
    }

    private func reason(_ ended: ProcessExit, _ runtime: Runtime) -> ExitReason {
        switch ended.reason {
        case .exited(let status): .exited(status: status)
        case .killed(let signal, _):
            signal == SIGKILL && duties.outOfMemoryKills() > runtime.outOfMemoryKillsBefore
                ? .outOfMemory : .killed(signal: signal)
        }
    }
}
