import Foundation
import Logging
import Sandboxes
import Snapshots
import Synchronization
import SystemPackage

/// The seeds of this host: kept like snapshots, checked before they are used, built one at a time when they are first missed.
final class SeedStore: Sendable {
    /// What there is for a function to start from.
    enum Offer: Sendable {
        case ready(SnapshotLease)
        /// There may be one later.
        case none(because: String)
    }

    private enum Entry {
        case ready(SnapshotLease, lastUse: UInt64)
        case building
        /// It will not be tried again before the server starts anew.
        case failed(String)
    }

    private struct State {
        /// Nil until what is on disk has been looked through.
        var entries: [SeedKey: Entry]?
        var uses: UInt64 = 0
        var isBuilding = false
        var work: [Task<Void, Never>] = []
        var isClosed = false
    }

    /// Each takes what a booted language needs, 20 to 60 MB.
    private static let maximum = 16

    private let store: any SnapshotRepository
    private let host: SnapshotRequirements
    private let forget: @Sendable (SnapshotID) async -> Void
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter forget: lets go of what is kept of a seed that has been removed.
    init(
        _ store: any SnapshotRepository, host: SnapshotRequirements, logger: Logger,
        forget: @escaping @Sendable (SnapshotID) async -> Void
    ) {
        self.store = store
        self.host = host
        self.forget = forget
        self.logger = logger
        state.withLock { state in state.work.append(Task { await self.load() }) }
    }

    func offer(_ key: SeedKey) -> Offer {
        state.withLock { state in
            guard let entries = state.entries else { return .none(because: "the seeds on disk are being checked") }
            switch entries[key] {
            case .ready(let seed, _):
                state.uses += 1
                state.entries?[key] = .ready(seed, lastUse: state.uses)
                return .ready(seed)
            case .building: return .none(because: "its seed is being built")
            case .failed(let reason): return .none(because: "its seed cannot be built: \(reason)")
            case nil: return .none(because: "its seed has not been built yet")
            }
        }
    }

    /// Has the seed built in the background, unless it is there, was tried in vain, or another one is being built.
    /// - Parameter freeze: boots the runtime and writes it into the directory.
    func build(
        _ key: SeedKey, freeze: @escaping @Sendable (SnapshotStaging) async throws(SandboxError) -> FrozenSandbox
    ) {
        state.withLock { state in
            guard !state.isClosed, !state.isBuilding, let entries = state.entries, entries[key] == nil else { return }
            state.isBuilding = true
            state.entries?[key] = .building
            state.work.append(Task { await self.finish(key, await self.made(key, freeze)) })
        }
    }

    /// A seed that did not serve is not offered again.
    func discard(_ key: SeedKey, because reason: String) async {
        let seed = state.withLock { state -> SnapshotLease? in
            guard case .ready(let seed, _) = state.entries?[key] else { return nil }
            state.entries?[key] = .failed(reason)
            return seed
        }
        if let seed { await remove(seed.id) }
    }

    /// Builds no more, and waits for what is under way.
    func close() async {
        let work = state.withLock { state in
            state.isClosed = true
            return state.work
        }
        for task in work { await task.value }
    }

    // MARK: - Building

    private func made(
        _ key: SeedKey, _ freeze: @Sendable (SnapshotStaging) async throws(SandboxError) -> FrozenSandbox
    ) async -> Result<SnapshotLease, SandboxError> {
        do throws(SandboxError) {
            let staging = try hostCall { try store.stage() }
            do throws(SandboxError) {
                let frozen = try await freeze(staging)
                let description = SnapshotDescription(
                    functionName: "seed", functionVersion: key.description, createdAt: Date(), codeSha256: "",
                    imageDigest: frozen.engine.parameters["imageDigest"] ?? "", engine: frozen.engine)
                return .success(try await hostCall { try await store.commit(staging, describing: description) })
            } catch {
                staging.discard()
                throw error
            }
        } catch {
            return .failure(error)
        }
    }

    private func finish(_ key: SeedKey, _ outcome: Result<SnapshotLease, SandboxError>) async {
        let surplus = state.withLock { state -> SnapshotLease? in
            state.isBuilding = false
            switch outcome {
            case .success(let seed):
                state.uses += 1
                state.entries?[key] = .ready(seed, lastUse: state.uses)
                return Self.removeSurplus(&state)
            case .failure(let error):
                state.entries?[key] = .failed("\(error)")
                return nil
            }
        }
        switch outcome {
        case .success(let seed): logger.info("built a seed", metadata: ["seed": "\(seed.id)"])
        case .failure(let error): logger.warning("building a seed failed", metadata: ["error": "\(error)"])
        }
        if let surplus { await remove(surplus.id) }
    }

    /// Takes out the one that has not been used for the longest when there are too many.
    private static func removeSurplus(_ state: inout State) -> SnapshotLease? {
        let ready = (state.entries ?? [:]).compactMap { key, entry -> (SeedKey, SnapshotLease, UInt64)? in
            if case .ready(let seed, let lastUse) = entry { (key, seed, lastUse) } else { nil }
        }
        guard ready.count > maximum, let (key, seed, _) = ready.min(by: { $0.2 < $1.2 }) else { return nil }
        state.entries?[key] = nil
        return seed
    }

    // MARK: - Disk

    /// Reads every seed whole, once: a seed is code.
    private func load() async {
        var found: [SeedKey: Entry] = [:]
        do {
            try await store.sweep()
            for id in try store.list() {
                guard let (key, seed) = await usable(id) else {
                    await remove(id)
                    continue
                }
                found[key] = .ready(seed, lastUse: 0)
            }
        } catch {
            logger.warning("cannot look through the seeds", metadata: ["error": "\(error)"])
        }
        state.withLock { $0.entries = found }
    }

    private func usable(_ id: SnapshotID) async -> (SeedKey, SnapshotLease)? {
        do {
            let seed = try await store.resolve(id)
            try seed.manifest.checkFits(isolation: IsolationLevel.process.rawValue, host: host.requirements)
            return (SeedKey(stored: seed.manifest.snapshot.functionVersion), seed)
        } catch {
            logger.info("dropping a seed", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    private func remove(_ id: SnapshotID) async {
        do { try await store.remove(id) } catch {
            logger.warning("cannot remove a seed", metadata: ["error": "\(error)"])
        }
        await forget(id)
    }
}
