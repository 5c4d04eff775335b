import GuestProtocol
import LinuxKit
import RuntimeAPI
import Sandboxes
import Synchronization
import SystemPackage

/// A clone in its cell, from the request for it until it is a sandbox.
///
/// Two ways lead there. In the usual one it is woken before it exists: it comes to life with its answer waiting. A clone that
/// is prepared ahead is made first, parks, and is woken when it is claimed.
final class Clone: Sendable {
    let cell: Cell
    let runtime: HostedRuntime
    private let control: ControlChannel
    private let state = Mutex(State())

    private struct State {
        var failure: CloneOutcome?
        /// What the clone itself said, which it says once.
        var report: RestorerFailure?
        var parking: Parking?
    }

    /// - Parameter call: the Runtime API call in which the frozen runtime waits.
    init(
        in cell: Cell, loop: EngineLoop, blockedIn call: BlockingCall, isSnapStart: Bool
    ) throws(SandboxError) {
        guard let control = cell.takeControl() else { throw .host("a cell was used twice") }
        self.cell = cell
        self.control = control
        let cgroup = cell.cgroup
        runtime = try hostCall("serve the Runtime API of a clone") {
            try HostedRuntime(
                cloneBlockedIn: call, endpoint: cell.endpoint, loop: loop, isSnapStart: isSnapStart,
                outOfMemoryKills: { UInt64(cgroup.memoryKills()) })
        }
    }

    /// Asks the template for it. Call once.
    /// - Parameters:
    ///   - code: what is mounted at /var/task, when the template has nothing there.
    ///   - isAhead: whether nobody waits for it yet.
    func request(
        from template: TemplateProcess, scratchBytes: UInt64, hasFrozenScratch: Bool, code: DetachedMount? = nil,
        isAhead: Bool = false
    ) throws(SandboxError) {
        guard let side = cell.endpoint.takeProcessSide(), let theirs = control.takeOther(),
            let entrance = cell.takeEntrance()
        else {
            throw .host("a cell was used twice")
        }
        let holder = try hostCall("reach a cell") { try cell.takeHolder() }
        cell.expectTenant()
        template.clone(
            CloneRequest(
                control: theirs, holder: holder, process: side, code: code, entrance: entrance,
                scratchBytes: scratchBytes, hasFrozenScratch: hasFrozenScratch, isAhead: isAhead)
        ) { outcome in self.arrived(outcome) }
    }

    private func arrived(_ outcome: CloneOutcome) {
        switch outcome {
        case .made(let process):
            cell.arrived(process)
            do throws(Errno) { try runtime.adopt(process) } catch {
                runtime.end(.host(refusing: "watch a clone", error))
            }
            return
        case .failed: cell.neverArrived()
        case .templateLost(let sent): sent ? cell.lostSight() : cell.neverArrived()
        }
        let parking = state.withLock { state in
            state.failure = outcome
            return state.parking
        }
        parking?.finish(.closed)
        runtime.end(.lost("the clone was not made", during: .restore))
    }

    // MARK: - Waking

    /// Gives the clone what makes it unique and lets it run, whether it exists or not.
    func wake(_ uniqueness: Uniqueness, output: @escaping OutputSink) throws(SandboxError) {
        try hostCall("read a clone's output") { try runtime.deliverOutput(to: output) }
        // First the answer, then the word to go on: the clone is to have the CPU when nothing is left to do here.
        try runtime.release(uniqueness)
        try control.wake(uniqueness)
    }

    /// The same for a clone of a seed, which is told its function.
    /// - Parameter function: in the JSON that `/runtime/seed/next` answers.
    func wake(
        _ uniqueness: Uniqueness, as function: [UInt8], output: @escaping OutputSink
    ) throws(SandboxError) {
        try hostCall("read a clone's output") { try runtime.deliverOutput(to: output) }
        runtime.setCredentials(uniqueness.credentials)
        try runtime.startFromSeed(function)
        try control.wake(uniqueness)
    }

    /// Waits until it is complete, as one that is not woken yet.
    func park(on loop: EngineLoop, within limit: Duration) async throws(SandboxError) {
        let parking = try hostCall("watch a clone") { try Parking(control, loop) }
        let failed = state.withLock { state in
            state.parking = parking
            return state.failure != nil
        }
        if failed { parking.finish(.closed) }
        switch await parking.wait(within: limit) {
        case .parked: return
        case .failed(let failure): throw failure.error()
        case .closed: throw .lost("the clone ended before it was complete", during: .restore)
        case nil: throw .timedOut(.restore, limit: limit)
        }
    }

    /// Whether it waits as it should.
    var isUsable: Bool { state.withLock { $0.failure == nil } && cell.tenant?.hasEnded == false }

    // MARK: - Failure

    /// Whether no clone was made, or one that came to nothing before it was complete.
    var wasNotMade: Bool { state.withLock { $0.failure != nil } || report != nil }

    private var report: RestorerFailure? {
        state.withLock { state in
            if state.report == nil { state.report = control.failure() }
            return state.report
        }
    }

    /// Whether the template was lost on the way: nothing is wrong with the snapshot or the host.
    var lostTemplate: Bool {
        if case .templateLost = state.withLock({ $0.failure }) { true } else { false }
    }

    /// What the restorer itself said of the failure that `error` is the consequence of.
    func explain(_ error: SandboxError, limit: Duration) -> SandboxError {
        if case .failed(let failure) = state.withLock({ $0.failure }) { return failure.error() }
        if let report { return report.error() }
        return error.naming(limit: limit)
    }
}

extension ChildProcess {
    /// Whether it is known to have ended, by itself or by somebody else's hand.
    fileprivate var hasEnded: Bool {
        do throws(Errno) { return try poll() != nil } catch { return true }
    }
}

/// A wait for a clone to park.
private final class Parking: Sendable {
    private struct State {
        var outcome: ControlChannel.Message??
        var continuation: CheckedContinuation<ControlChannel.Message?, Never>?
        var watch: LoopWatch?
    }

    private let state = Mutex(State())

    init(_ control: ControlChannel, _ loop: EngineLoop) throws(Errno) {
        let watch = try LoopWatch(loop, control.ours, .readable) { [weak self] _ in
            if let message = control.receive() { self?.finish(message) }
        }
        state.withLock { $0.watch = watch }
    }

    /// The first outcome counts; nil is the limit.
    func finish(_ outcome: ControlChannel.Message?) {
        let (continuation, watch) = state.withLock { state in
            if state.outcome == nil { state.outcome = .some(outcome) }
            defer { (state.continuation, state.watch) = (nil, nil) }
            return (state.continuation, state.watch)
        }
        watch?.cancel()
        continuation?.resume(returning: outcome)
    }

    func wait(within limit: Duration) async -> ControlChannel.Message? {
        let timer = Task {
            try await Task.sleep(for: limit)
            finish(nil)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let known = state.withLock { state in
                if state.outcome == nil { state.continuation = continuation }
                return state.outcome
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}
