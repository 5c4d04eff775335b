import Basics
import GuestProtocol
import LinuxKit
import RuntimeAPI
import Sandboxes
import Synchronization
import SystemPackage

/// A clone in its cell, from the request for it until it is a sandbox: what moves it from one ``CloneLife`` to the next.
///
/// Two ways lead there. In the usual one it is woken before it exists. A clone that is prepared ahead is made first, parks, and
/// is woken when it is claimed.
final class Clone: Sendable {
    private struct State {
        var life: CloneLife
        /// Somebody waits for it to park.
        var parking: Outcome<Void>?
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - call: the Runtime API call in which the frozen runtime waits.
    ///   - keepsConnection: whether the connection on which it waits goes on after the answer.
    init(
        in cell: Cell, loop: EngineLoop, blockedIn call: BlockingCall, isSnapStart: Bool, keepsConnection: Bool
    ) throws(SandboxError) {
        let access = try cell.moveIn()
        let memory = cell.memory
        let runtime = try hostCall("serve the Runtime API of a clone") {
            try HostedRuntime(
                cloneBlockedIn: call, endpoint: cell.endpoint, loop: loop, isSnapStart: isSnapStart,
                keepsConnection: keepsConnection,
                outOfMemoryKills: { memory.kills })
        }
        let parts = CloneParts(cell: cell, control: access.equipment.control, runtime: runtime)
        state = Mutex(State(life: .prepared(parts, access)))
    }

    private var life: CloneLife { state.withLock { $0.life } }

    var cell: Cell { life.cell }
    var runtime: HostedRuntime { life.runtime }

    /// Whether it waits as it should.
    var isParked: Bool {
        if case .parked(let parts) = life { parts.cell.tenant?.hasEnded == false } else { false }
    }

    /// Who waits for it to park waits no longer once it has, or has failed.
    @discardableResult
    private func advance(_ transition: (CloneLife) -> CloneLife) -> CloneLife {
        let (life, parking) = state.withLock { state -> (CloneLife, Outcome<Void>?) in
            state.life = transition(state.life)
            return (state.life, state.life.isSettled ? state.parking.take() : nil)
        }
        parking?.settle()
        return life
    }

    // MARK: - Making

    /// Asks the template for it. Call once.
    /// - Parameters:
    ///   - deadline: when it is too late to be answered and woken.
    ///   - code: what is mounted at /var/task, when the template has nothing there.
    ///   - isAhead: whether nobody waits for it yet.
    func request(
        from template: TemplateProcess, by deadline: Deadline, scratchBytes: UInt64, hasFrozenScratch: Bool,
        code: DetachedMount? = nil, isAhead: Bool = false
    ) throws(SandboxError) {
        let next = state.withLock { state in
            let next = state.life.asked()
            if let next { state.life = next.life }
            return next
        }
        guard let next else { throw .host("a clone was asked for twice") }
        next.life.cell.expectTenant()
        let request = CloneRequest(
            control: next.access.equipment.cloneControl, holder: next.access.holder, process: next.access.endpoint,
            code: code, entrance: next.access.equipment.entrance, scratchBytes: scratchBytes,
            hasFrozenScratch: hasFrozenScratch, isAhead: isAhead)
        template.clone(request, by: deadline) { outcome in self.arrived(outcome) }
    }

    private func arrived(_ outcome: CloneOutcome) {
        let life = life
        let (cell, runtime) = (life.cell, life.runtime)
        switch outcome {
        case .made(let process):
            cell.arrived(process)
            do { try runtime.adopt(process) } catch {
                runtime.end(.host(refusing: "watch a clone", error))
            }
        case .failed: cell.neverArrived()
        case .templateLost(let sent): sent ? cell.lostSight() : cell.neverArrived()
        }
        // Whoever hears of the end finds its reason here.
        if case .failed(_, _, let failure) = advance({ $0.answered(outcome) }), failure.isOfMaking {
            runtime.end(CloneFailure.templateLost.error())
        }
    }

    /// Waits until it is complete, as one that is not woken yet.
    func park(on loop: EngineLoop, by deadline: Deadline) async throws(SandboxError) {
        let life = life
        guard let control = life.parts?.control else { throw life.reason }
        let watch = try hostCall("watch a clone") {
            try LoopWatch(loop, control.ours, .readable) { [weak self] _ in
                if let message = control.receive() { self?.advance { $0.heard(message) } }
            }
        }
        defer { watch.cancel() }
        let parking = Outcome<Void>()
        let isSettled = state.withLock { state in
            if !state.life.isSettled { state.parking = parking }
            return state.life.isSettled
        }
        if !isSettled, await parking.wait(by: deadline) == nil { advance { $0.late(deadline.limit) } }
        guard case .parked = self.life else { throw self.life.reason }
    }

    // MARK: - Waking

    /// Gives the clone what makes it unique and lets it run, whether it exists or not.
    func wake(_ uniqueness: Uniqueness, output: @escaping OutputSink) throws(SandboxError) {
        let parts = try released(output)
        // First the answer, then the word to go on: the clone is to have the CPU when nothing is left to do here.
        try parts.runtime.answerRestore(uniqueness)
        try parts.control.wake(uniqueness)
    }

    /// The same for a clone of a seed, which is told its function.
    /// - Parameter function: in the JSON that `/runtime/seed/next` answers.
    func wake(
        _ uniqueness: Uniqueness, as function: [UInt8], called identity: FunctionIdentity, output: @escaping OutputSink
    ) throws(SandboxError) {
        let parts = try released(output)
        parts.runtime.setFunction(identity)
        parts.runtime.setCredentials(uniqueness.credentials)
        try parts.runtime.startFromSeed(function)
        try parts.control.wake(uniqueness)
    }

    private func released(_ output: @escaping OutputSink) throws(SandboxError) -> CloneParts {
        let life = advance { $0.released() }
        guard let parts = life.parts else { throw life.reason }
        try hostCall("read a clone's output") { try parts.runtime.deliverOutput(to: output) }
        return parts
    }

    // MARK: - The end

    /// It has answered: what a sandbox of it has.
    func handOver() -> (cell: Cell, runtime: HostedRuntime) {
        let life = advance { $0.answering() }
        return (life.cell, life.runtime)
    }

    /// Gives the clone up for `error`; what that is the consequence of.
    func fail(_ error: SandboxError) -> CloneFailure { advance { $0.failing(error) }.failure ?? .ended(error) }
}

extension CloneLife {
    /// Whether it has parked or never will.
    fileprivate var isSettled: Bool {
        switch self {
        case .parked, .failed: true
        case .prepared, .requested, .made, .woken, .handedOver: false
        }
    }

    /// Why it does not park, or cannot be woken.
    fileprivate var reason: SandboxError {
        failure?.error() ?? .lost("the clone is a sandbox already", during: .restore)
    }
}

extension ChildProcess {
    /// Whether it is known to have ended, by itself or by somebody else's hand.
    fileprivate var hasEnded: Bool {
        do { return try poll() != nil } catch { return true }
    }
}
