import Basics
import LinuxKit
import Logging
import Sandboxes
import Synchronization

/// All cells of a server: those in use, and some built ahead for the next claims.
///
/// A cell waits with the limits that were claimed last; a claim of others sets them, which takes some writes to the cgroup's
/// files but no building.
package final class CellPool: Sendable {
    private struct State {
        var isOpen = true
        var idle: [Cell] = []
        /// The idle ones too: what a shutdown has to end.
        var all: [SandboxID: Cell] = [:]
        /// AWS's defaults until the first claim.
        var limits: CellLimits
        var filler: Task<Void, Never>?
        /// When a cell was claimed last, and when the filler began to wait for a pause. By ``MonotonicClock``.
        var lastClaim: UInt64 = 0
        var waitsSince: UInt64?
    }

    /// How long the pool leaves the CPUs to those who have claimed, before it builds what they took: until none has for a
    /// while, but not for ever. While less than half of the cells wait it does not pause at all.
    private static let pause: UInt64 = 50_000_000
    private static let longestPause: UInt64 = 1_000_000_000

    /// Of a cell that nobody waits for.
    private static let buildLimit = Duration.seconds(60)

    private let builder: CellBuilder
    private let count: Int
    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameter count: how many wait.
    init(builder: CellBuilder, count: Int, logger: Logger) {
        self.builder = builder
        self.count = count
        self.logger = logger
        state = Mutex(State(limits: CellLimits(memoryMegabytes: 128, scratchBytes: 512 << 20)))
    }

    /// How many wait.
    package var waiting: Int { state.withLock { $0.idle.count } }

    /// A cell that waits, at once; nil when none does.
    func takeReady(_ limits: CellLimits) throws(SandboxError) -> Cell? {
        let cell = state.withLock { state -> Cell? in
            state.limits = limits
            state.lastClaim = MonotonicClock.now()
            defer { fill(&state) }
            return state.idle.popLast()
        }
        guard let cell else { return nil }
        do { try cell.setLimits(limits) } catch {
            discard(cell)
            throw error
        }
        return cell
    }

    /// A cell that waits, or a new one.
    package func claim(_ limits: CellLimits, by deadline: Deadline) async throws(SandboxError) -> Cell {
        if let cell = try takeReady(limits) { return cell }
        let cell = try await builder.build(limits: limits, by: deadline)
        guard register(cell, idle: false) else {
            await cell.end()
            throw .shuttingDown
        }
        return cell
    }

    /// Ends a cell and waits until nothing of it is left.
    func end(_ cell: Cell) async {
        await cell.end()
        state.withLock { $0.all[cell.id] = nil }
    }

    private func discard(_ cell: Cell) { Task { await end(cell) } }

    func prepareInBackground() { state.withLock { fill(&$0) } }

    /// Builds cells until as many wait as should; returns then, or when no more can be built.
    func prepare() async {
        let filler = state.withLock { state in
            // Whoever asks for this has time.
            state.lastClaim = 0
            fill(&state)
            return state.filler
        }
        await filler?.value
        await builder.parts.memory.quiet()
    }

    /// Ends every cell; claims fail from then on.
    func close() async {
        let (filler, cells) = state.withLock { state in
            state.isOpen = false
            state.idle = []
            return (state.filler, Array(state.all.values))
        }
        await withTaskGroup(of: Void.self) { group in
            for cell in cells { group.addTask { await self.end(cell) } }
        }
        await filler?.value
    }

    // MARK: - Filling

    private func fill(_ state: inout State) {
        guard state.isOpen, state.filler == nil, state.idle.count < count else { return }
        state.filler = Task { [self] in
            while let step = next() {
                switch step {
                case .pause(let duration): try? await Task.sleep(for: duration)
                case .build(let limits):
                    do {
                        let cell = try await builder.build(limits: limits, by: Deadline(in: Self.buildLimit))
                        if !register(cell, idle: true) { await cell.end() }
                    } catch {
                        // The next claim tries again and tells its caller.
                        logger.warning("building a cell failed", metadata: ["error": "\(error)"])
                        self.state.withLock { $0.filler = nil }
                        return
                    }
                }
            }
        }
    }

    private enum Step {
        case pause(Duration)
        case build(CellLimits)
    }

    /// What the filler does next; nil, and it is done, when enough cells wait.
    private func next() -> Step? {
        state.withLock { state in
            guard state.isOpen, state.idle.count < count else {
                state.filler = nil
                state.waitsSince = nil
                return nil
            }
            let now = MonotonicClock.now()
            let since = state.waitsSince ?? now
            state.waitsSince = since
            let end = min(state.lastClaim + Self.pause, since + Self.longestPause)
            if state.idle.count < (count + 1) / 2 || end <= now { return .build(state.limits) }
            return .pause(.nanoseconds(Int64(end - now)))
        }
    }

    private func register(_ cell: Cell, idle: Bool) -> Bool {
        state.withLock { state in
            guard state.isOpen else { return false }
            state.all[cell.id] = cell
            if idle { state.idle.append(cell) }
            return true
        }
    }
}

extension SandboxError {
    static var shuttingDown: SandboxError { .host("the server is shutting down") }
}
