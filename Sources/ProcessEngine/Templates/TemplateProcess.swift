import CProcessImage
import LinuxKit
import RuntimeAPI
import Sandboxes
import Synchronization
import SystemPackage

/// A running template: speaks template_protocol.h with it.
///
/// Answers come in the order of the requests, on the engine's loop. When the template ends, all requests it has not answered
/// end with it.
final class TemplateProcess: Sendable {
    typealias Completion = @Sendable (CloneOutcome) -> Void

    private struct Waiting {
        let request: CloneRequest
        let completion: Completion
    }

    private struct State {
        /// Sent, oldest first.
        var sent: [Completion] = []
        /// What the socket had no room for.
        var unsent: [Waiting] = []
        var isLost = false
        var watch: LoopWatch?
    }

    private static let packetSize = 64

    let process: ChildProcess
    /// CLOCK_MONOTONIC.
    let started = MonotonicClock.now()
    private let socket: SharedDescriptor
    private let onLoss: @Sendable (TemplateProcess) -> Void
    private let state = Mutex(State())

    /// - Parameter onLoss: called once, on the loop, when the template has ended or speaks nonsense.
    init(
        _ process: ChildProcess, socket: SharedDescriptor, loop: EngineLoop,
        onLoss: @escaping @Sendable (TemplateProcess) -> Void
    ) throws(SandboxError) {
        self.process = process
        self.socket = socket
        self.onLoss = onLoss
        let watch = try hostCall("watch a template") {
            try LoopWatch(loop, socket, .readable) { [weak self] _ in self?.receive() }
        }
        state.withLock { $0.watch = watch }
    }

    var isLost: Bool { state.withLock { $0.isLost } }

    /// Asks for a clone, on any thread; the answer comes on the loop, or here when the template is known to be lost.
    func clone(_ request: CloneRequest, completion: @escaping Completion) {
        let loss = state.withLock { state -> Loss? in
            guard !state.isLost else { return Loss(answers: [(completion, .templateLost(sent: false))], isNews: false) }
            state.unsent.append(Waiting(request: request, completion: completion))
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
                state.sent.append(next.completion)
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
            guard let outcome = CloneOutcome(message) else { break }
            let (completion, loss) = state.withLock { state -> (Completion?, Loss?) in
                let completion = state.sent.isEmpty ? nil : state.sent.removeFirst()
                return (completion, completion != nil && flush(&state) ? nil : lose(&state))
            }
            completion?(outcome)
            if let loss { return report(loss) }
        }
        if let loss = state.withLock({ lose(&$0) }) { report(loss) }
    }

    // MARK: - Loss

    private struct Loss {
        let answers: [(Completion, CloneOutcome)]
        let isNews: Bool
    }

    private func lose(_ state: inout State) -> Loss? {
        guard !state.isLost else { return nil }
        let answers =
            state.sent.map { ($0, CloneOutcome.templateLost(sent: true)) }
            + state.unsent.map { ($0.completion, CloneOutcome.templateLost(sent: false)) }
        state = State(isLost: true)
        return Loss(answers: answers, isNews: true)
    }

    private func report(_ loss: Loss) {
        for (completion, outcome) in loss.answers { completion(outcome) }
        if loss.isNews { onLoss(self) }
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
