import Logging
import Sandboxes
import Synchronization

/// All cells of a server: those in use, and some built ahead for the next claims.
///
/// A cell waits with the limits that were claimed last; a claim of others sets them, which takes some writes to the cgroup's
/// files but no building.
final class CellPool: Sendable {
    private struct State {
        var isOpen = true
        var idle: [Cell] = []
        /// The idle ones too: what a shutdown has to end.
        var all: [SandboxID: Cell] = [:]
        /// AWS's defaults until the first claim.
        var limits: CellLimits
        var filler: Task<Void, Never>?
    }

    /// How long the pool leaves the CPUs to those who have just claimed, before it builds what they took.
    private static let pause = Duration.milliseconds(5)

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

    /// A cell that waits, at once; nil when none does.
    func takeReady(_ limits: CellLimits) throws(SandboxError) -> Cell? {
        let cell = state.withLock { state -> Cell? in
            state.limits = limits
            defer { fill(&state, after: state.idle.isEmpty ? .zero : Self.pause) }
            return state.idle.popLast()
        }
        guard let cell else { return nil }
        do throws(SandboxError) { try cell.setLimits(limits) } catch {
            discard(cell)
            throw error
        }
        return cell
    }

    /// A cell that waits, or a new one.
    func claim(_ limits: CellLimits) async throws(SandboxError) -> Cell {
        if let cell = try takeReady(limits) { return cell }
        let cell = try await builder.build(limits: limits)
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

    func prepareInBackground() { state.withLock { fill(&$0, after: .zero) } }

    /// Builds cells until as many wait as should; returns then, or when no more can be built.
    func prepare() async {
        let filler = state.withLock { state in
            fill(&state, after: .zero)
            return state.filler
        }
        await filler?.value
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

    private func fill(_ state: inout State, after pause: Duration) {
        guard state.isOpen, state.filler == nil, state.idle.count < count else { return }
        state.filler = Task { [self] in
            if pause > .zero { try? await Task.sleep(for: pause) }
            while let limits = missing() {
                do throws(SandboxError) {
                    let cell = try await builder.build(limits: limits)
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

    /// The limits of the next cell to build; nil, and the filler is done, when enough wait.
    private func missing() -> CellLimits? {
        state.withLock { state in
            if state.isOpen, state.idle.count < count { return state.limits }
            state.filler = nil
            return nil
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
