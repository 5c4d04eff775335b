package import Basics
package import GuestProtocol
package import NetworkModel
package import Snapshots
import Synchronization

/// The engines of one server behind the interface of one: a specification says which is to start a sandbox, a snapshot's
/// manifest which is to thaw it.
///
/// One engine is there from the start. Any other is made when a function first asks for it; until then it costs what its
/// closures take, a few hundred bytes: no thread, no process, no descriptor.
package final class EngineSelection: SandboxEngine {
    /// An engine that may be needed.
    package struct Deferred: Sendable {
        package var isolation: IsolationLevel
        /// Makes the engine. Not called again once it has succeeded.
        package var make: @Sendable () async throws(SandboxError) -> any SandboxEngine
        /// Does what ``SandboxEngine/sweep()`` of the engine would, without the engine.
        package var sweep: @Sendable () async throws(SandboxError) -> Void

        package init(
            isolation: IsolationLevel, make: @escaping @Sendable () async throws(SandboxError) -> any SandboxEngine,
            sweep: @escaping @Sendable () async throws(SandboxError) -> Void
        ) {
            self.isolation = isolation
            self.make = make
            self.sweep = sweep
        }
    }

    private typealias Making = Task<Result<any SandboxEngine, SandboxError>, Never>

    private enum Entry {
        case deferred(Deferred)
        case making(Making, Deferred)
        case made(any SandboxEngine)
    }

    private struct State {
        var entries: [IsolationLevel: Entry]
        var isShutDown = false
    }

    package let isolation: IsolationLevel
    /// The levels of this server, that of ``isolation`` first.
    package let available: [IsolationLevel]
    private let standard: any SandboxEngine
    private let others: [Deferred]
    private let state: Mutex<State>

    /// - Parameter standard: makes the sandboxes for which nobody chose an isolation.
    package init(_ standard: any SandboxEngine, others: [Deferred] = []) {
        self.standard = standard
        self.others = others
        isolation = standard.isolation
        available = [standard.isolation] + others.map(\.isolation)
        var entries: [IsolationLevel: Entry] = [:]
        for other in others { entries[other.isolation] = .deferred(other) }
        entries[standard.isolation] = .made(standard)
        state = Mutex(State(entries: entries))
    }

    package func sweep() async throws(SandboxError) {
        try await standard.sweep()
        for other in others { try await other.sweep() }
    }

    package func start(
        _ specification: SandboxSpecification, deadline: Deadline, output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        guard let engine = try await engine(specification.isolation) else {
            throw .isolationUnavailable(specification.isolation, available: available)
        }
        return try await engine.start(specification, deadline: deadline, output: output)
    }

    package func thaw(
        _ snapshot: SnapshotLease, uniqueness: Uniqueness, network: NetworkMode, deadline: Deadline,
        output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        let taken = snapshot.manifest.snapshot.engine.isolation
        guard let level = IsolationLevel(rawValue: taken), let engine = try await engine(level) else {
            throw .snapshotUnusable("it was taken at isolation \(taken), which is not available on this server")
        }
        return try await engine.thaw(
            snapshot, uniqueness: uniqueness, network: network, deadline: deadline, output: output)
    }

    package func refusal(of manifest: SnapshotManifest) -> String? {
        let level = IsolationLevel(rawValue: manifest.snapshot.engine.isolation)
        // An engine that is not there is asked when somebody wants a clone.
        guard let level, case .made(let engine) = state.withLock({ $0.entries[level] }) else { return nil }
        return engine.refusal(of: manifest)
    }

    @discardableResult
    package func keepReady(_ count: Int, of snapshot: SnapshotLease) async -> SandboxError? {
        guard let level = IsolationLevel(rawValue: snapshot.manifest.snapshot.engine.isolation) else { return nil }
        // An engine that is not there keeps nothing that could be dropped.
        guard count > 0 || isMade(level), let engine = try? await engine(level) else { return nil }
        return await engine.keepReady(count, of: snapshot)
    }

    package func warm(_ snapshot: SnapshotLease) async {
        guard let level = IsolationLevel(rawValue: snapshot.manifest.snapshot.engine.isolation),
            let engine = try? await engine(level)
        else { return }
        await engine.warm(snapshot)
    }

    package func forget(_ snapshot: SnapshotID) async {
        // An engine that is not there holds nothing.
        for engine in made { await engine.forget(snapshot) }
    }

    package func shed(_ reserve: EngineReserve, atLeast bytes: UInt64) async -> UInt64 {
        var freed: UInt64 = 0
        for engine in made where freed < bytes { freed += await engine.shed(reserve, atLeast: bytes - freed) }
        return freed
    }

    package func prepare() async {
        for engine in made { await engine.prepare() }
    }

    package func stock() async -> [EngineStock] {
        var stocks: [EngineStock] = []
        for engine in made { stocks += await engine.stock() }
        return stocks
    }

    package func shutdown() async {
        let entries = state.withLock { state in
            state.isShutDown = true
            return Array(state.entries.values)
        }
        for entry in entries {
            switch entry {
            case .deferred: break
            case .making(let task, _): if case .success(let engine) = await task.value { await engine.shutdown() }
            case .made(let engine): await engine.shutdown()
            }
        }
    }

    // MARK: - Making

    private var made: [any SandboxEngine] {
        state.withLock { state in
            state.entries.values.compactMap { if case .made(let engine) = $0 { engine } else { nil } }
        }
    }

    private func isMade(_ level: IsolationLevel) -> Bool {
        state.withLock { state in
            if case .made = state.entries[level] { true } else { false }
        }
    }

    /// The engine for a level, made if need be; nil when this server has none.
    private func engine(_ level: IsolationLevel) async throws(SandboxError) -> (any SandboxEngine)? {
        if level == isolation { return standard }
        let entry = state.withLock { state -> Entry? in
            guard case .deferred(let deferred) = state.entries[level], !state.isShutDown else {
                return state.entries[level]
            }
            let making = Making {
                do throws(SandboxError) { return .success(try await deferred.make()) } catch { return .failure(error) }
            }
            state.entries[level] = .making(making, deferred)
            return state.entries[level]
        }
        switch entry {
        case nil: return nil
        case .made(let engine): return engine
        case .deferred: throw .destroyed
        case .making(let task, let deferred):
            let outcome = await task.value
            state.withLock { state in
                guard case .making(task, _) = state.entries[level] else { return }
                switch outcome {
                case .success(let engine): state.entries[level] = .made(engine)
                // What was missing may be there the next time.
                case .failure: state.entries[level] = .deferred(deferred)
                }
            }
            return try outcome.get()
        }
    }
}
