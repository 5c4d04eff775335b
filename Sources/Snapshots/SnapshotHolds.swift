import Synchronization

/// Which snapshots of a store are in use, and which are to go.
final class SnapshotHolds: Sendable {
    private struct State {
        var holds: [SnapshotID: Int] = [:]
        /// Taken out of the store; their files wait for the last hold, or are being removed.
        var leaving: Set<SnapshotID> = []
        var removals: [SnapshotID: Removal] = [:]
    }

    private typealias Removal = Task<Result<Void, SnapshotError>, Never>

    private let state = Mutex(State())
    private let remove: @Sendable (SnapshotID) async throws(SnapshotError) -> Void
    private let failed: @Sendable (SnapshotID, SnapshotError) -> Void

    /// - Parameters:
    ///   - remove: removes a snapshot's files.
    ///   - failed: hears of files that could not be removed when the last hold ended, for which nobody waits.
    init(
        remove: @escaping @Sendable (SnapshotID) async throws(SnapshotError) -> Void,
        failed: @escaping @Sendable (SnapshotID, SnapshotError) -> Void
    ) {
        self.remove = remove
        self.failed = failed
    }

    /// Holds a snapshot; nil for one that leaves.
    func hold(_ id: SnapshotID) -> SnapshotHold? {
        let isThere = state.withLock { state in
            guard !state.leaving.contains(id) else { return false }
            state.holds[id, default: 0] += 1
            return true
        }
        return isThere ? SnapshotHold(isLeaving: { [self] in isLeaving(id) }, end: { [self] in end(id) }) : nil
    }

    func isLeaving(_ id: SnapshotID) -> Bool { state.withLock { $0.leaving.contains(id) } }

    /// Returns when the files are gone, or at once when they are held.
    func leave(_ id: SnapshotID) async throws(SnapshotError) {
        let removal = state.withLock { state in
            state.leaving.insert(id)
            return state.holds[id] == nil ? startRemoval(of: id, &state) : nil
        }
        try await removal?.value.get()
    }

    private func end(_ id: SnapshotID) {
        let removal = state.withLock { state -> Removal? in
            let left = state.holds[id, default: 1] - 1
            state.holds[id] = left > 0 ? left : nil
            return left == 0 && state.leaving.contains(id) ? startRemoval(of: id, &state) : nil
        }
        guard let removal else { return }
        Task { [failed] in
            if case .failure(let error) = await removal.value { failed(id, error) }
        }
    }

    private func startRemoval(of id: SnapshotID, _ state: inout State) -> Removal {
        if let underway = state.removals[id] { return underway }
        let removal = Removal {
            let outcome: Result<Void, SnapshotError>
            do throws(SnapshotError) { outcome = .success(try await self.remove(id)) } catch {
                outcome = .failure(error)
            }
            self.state.withLock { state in
                state.removals[id] = nil
                state.leaving.remove(id)
            }
            return outcome
        }
        state.removals[id] = removal
        return removal
    }
}
