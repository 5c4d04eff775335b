import Basics
import CProcessImage
import LinuxKit
import RuntimeAPI
import Sandboxes
import Synchronization
import SystemPackage

/// A running template: speaks template_protocol.h with it.
///
/// Answers come in the order of the requests, on the engine's loop. When the template ends, all requests it has not answered
/// end with it. One that answers nothing although somebody waits is ended: another one takes a fraction of a second.
final class TemplateProcess: Sendable {
    typealias Completion = @Sendable (CloneOutcome) -> Void

    private struct Waiting {
        let request: CloneRequest
        /// How long the template may do nothing while this is the oldest request, in nanoseconds.
        let patience: UInt64
        let completion: Completion
    }

    private struct Sent {
        let patience: UInt64
        let completion: Completion
    }

    private struct State {
        /// Oldest first.
        var sent: [Sent] = []
        /// What the socket had no room for.
        var unsent: [Waiting] = []
        /// Since when the oldest of `sent` is the one to be answered. By CLOCK_MONOTONIC.
        var turn: UInt64 = 0
        /// Whether the loop has a deadline, which may be too early.
        var isTimed = false
        var isLost = false
        var watch: LoopWatch?
    }

    private static let packetSize = 64
    /// A fork takes milliseconds, that of a template of 10 GiB tens of them.
    private static let longestPatience = Duration.seconds(2)
    private static let shortestPatience = Duration.milliseconds(250)

    let process: ChildProcess
    /// What it takes of the host's memory when no clone shares it; nil when that is not known.
    let bytes: UInt64?
    /// CLOCK_MONOTONIC.
    let started = MonotonicClock.now()
    private let socket: SharedDescriptor
    private let onLoss: @Sendable (TemplateProcess) -> Void
    private let state = Mutex(State())
    private let failure = Mutex<RestorerFailure?>(nil)

    /// - Parameter onLoss: called once, on the loop, when the template has ended, speaks nonsense or does not answer: before those
    ///   who wait hear of that.
    init(
        _ process: ChildProcess, bytes: UInt64?, socket: SharedDescriptor, loop: EngineLoop,
        onLoss: @escaping @Sendable (TemplateProcess) -> Void
    ) throws(SandboxError) {
        self.process = process
        self.bytes = bytes
        self.socket = socket
        self.onLoss = onLoss
        let watch = try hostCall("watch a template") {
            try LoopWatch(loop, socket, .readable, late: { [weak self] in self?.lookForAnswers() }) { [weak self] _ in
                self?.receive()
            }
        }
        state.withLock { $0.watch = watch }
    }

    /// What it said before it was lost.
    var lastWords: RestorerFailure? { failure.withLock { $0 } }

    var isLost: Bool { state.withLock { $0.isLost } }

    /// Asks for a clone, on any thread; the answer comes on the loop, or here when the template is known to be lost.
    /// - Parameter deadline: a template that does not answer is known to be lost when most of the time is left.
    func clone(_ request: CloneRequest, by deadline: Deadline, completion: @escaping Completion) {
        let patience = UInt64(min(Self.longestPatience, max(Self.shortestPatience, deadline.remaining / 4)).nanoseconds)
        let loss = state.withLock { state -> Loss? in
            guard !state.isLost else { return Loss(answers: [(completion, .templateLost(sent: false))], isNews: false) }
            state.unsent.append(Waiting(request: request, patience: patience, completion: completion))
            return flush(&state) ? nil : lose(&state)
        }
        if let loss { report(loss) }
    }

    /// Pages that every later clone makes its own at once, instead of one fault each.
    func prefault(_ ranges: [Range<UInt64>]) {
        var packet = [THAW_PREFAULT.rawValue, UInt32(ranges.count)].flatMap { withUnsafeBytes(of: $0, Array.init) }
        for range in ranges {
            for bound in [range.lowerBound, range.upperBound] { withUnsafeBytes(of: bound) { packet += $0 } }
        }
        state.withLock { state in
            // Only a help: a template without room for it does without.
            guard !state.isLost, state.unsent.isEmpty else { return }
            packet.withUnsafeBytes { try? socket.descriptor.sendMessage($0) }
        }
    }

    // MARK: - Wire

    /// Sends what the socket has room for; false when the template is gone.
    private func flush(_ state: inout State) -> Bool {
        while let next = state.unsent.first {
            let given = next.request.descriptors
            let outcome = withUnsafeBytes(of: next.request.packet) { packet in
                Result { () throws(Errno) in
                    try socket.descriptor.sendMessage(packet, descriptors: given.map { $0.withRaw { $0 } })
                }
            }
            withExtendedLifetime(given) {}
            switch outcome {
            case .success:
                state.unsent.removeFirst()
                if state.sent.isEmpty { state.turn = MonotonicClock.now() }
                state.sent.append(Sent(patience: next.patience, completion: next.completion))
                setTime(&state)
            // Each answer makes room.
            case .failure(.resourceTemporarilyUnavailable): return true
            case .failure: return false
            }
        }
        return true
    }

    /// On the loop: the socket is readable.
    private func receive() {
        while true {
            let message: SocketMessage
            do {
                message = try socket.descriptor.receiveMessage(upTo: Self.packetSize)
            } catch .resourceTemporarilyUnavailable {
                return
            } catch {
                break
            }
            guard let outcome = CloneOutcome(message) else {
                failure.withLock { $0 = RestorerFailure(packet: message.bytes) }
                break
            }
            let (completion, loss) = state.withLock { state -> (Completion?, Loss?) in
                let completion = state.sent.isEmpty ? nil : state.sent.removeFirst().completion
                state.turn = MonotonicClock.now()
                return (completion, completion != nil && flush(&state) ? nil : lose(&state))
            }
            completion?(outcome)
            if let loss { return report(loss) }
        }
        if let loss = state.withLock({ lose(&$0) }) { report(loss) }
    }

    // MARK: - Silence

    /// Has the loop look after the oldest request when its time may be over. One deadline at a time: most find all answered.
    private func setTime(_ state: inout State) {
        guard !state.isTimed, let oldest = state.sent.first, let watch = state.watch else { return }
        state.isTimed = true
        watch.setDeadline(state.turn + oldest.patience)
    }

    private func lookForAnswers() {
        let loss = state.withLock { state -> Loss? in
            state.isTimed = false
            guard let oldest = state.sent.first, MonotonicClock.now() >= state.turn + oldest.patience else {
                setTime(&state)
                return nil
            }
            return lose(&state)
        }
        if let loss { report(loss) }
    }

    // MARK: - Loss

    private struct Loss {
        let answers: [(Completion, CloneOutcome)]
        let isNews: Bool
    }

    private func lose(_ state: inout State) -> Loss? {
        guard !state.isLost else { return nil }
        let answers =
            state.sent.map { ($0.completion, CloneOutcome.templateLost(sent: true)) }
            + state.unsent.map { ($0.completion, CloneOutcome.templateLost(sent: false)) }
        state = State(isLost: true)
        return Loss(answers: answers, isNews: true)
    }

    private func report(_ loss: Loss) {
        // First, so that whoever tries again gets another one.
        if loss.isNews { onLoss(self) }
        for (completion, outcome) in loss.answers { completion(outcome) }
    }

    /// Ends it and waits until it is gone; its clones live on.
    func end() async {
        if let loss = state.withLock({ lose(&$0) }) { report(loss) }
        await process.end()
    }
}

extension CloneOutcome {
    /// THAW_CLONED; nil for anything else, the end of the stream included: the template is of no more use.
    init?(_ message: SocketMessage) {
        guard message.bytes.count == MemoryLayout<thaw_clone_reply>.size else { return nil }
        let reply = message.bytes.withUnsafeBytes { $0.loadUnaligned(as: thaw_clone_reply.self) }
        guard reply.kind == THAW_CLONED.rawValue else { return nil }
        if reply.pid < 0 {
            self = .failed(RestorerFailure(step: reply.step, error: reply.pid))
            return
        }
        guard reply.pid > 0, let pidfd = message.descriptors.first else { return nil }
        self = .made(ChildProcess(pid: reply.pid, pidfd: pidfd))
    }
}
