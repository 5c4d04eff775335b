internal import Basics
internal import FunctionModel
internal import FunctionStore
import Synchronization

/// Makes changes of the queue durable, those that come while a commit is under way with the next one: a disk that takes a hundred
/// commits a second takes thousands of events.
final class EventJournal: Sendable {
    private typealias Result = Swift.Result<EventOutcome, LambdaError>

    private struct Entry {
        let change: EventChange
        let done: Outcome<Result>
    }

    private struct State {
        var waiting: [Entry] = []
        var isCommitting = false
        /// Settled when nothing is left to commit.
        var idle: Outcome<Void>?
    }

    /// What is committed at once, at most.
    private static let largestBatch = 16 << 20
    private static let mostChanges = 1_000

    private let store: any EventStore
    private let state = Mutex(State())

    init(_ store: any EventStore) { self.store = store }

    /// Returns once the change is on disk.
    func commit(_ change: EventChange) async throws(LambdaError) -> EventOutcome {
        let entry = Entry(change: change, done: Outcome())
        let begins = state.withLock { state in
            state.waiting.append(entry)
            defer { state.isCommitting = true }
            return !state.isCommitting
        }
        // A task of its own: what one caller's cancellation ends must not take the others' changes with it.
        if begins { Task { await self.commitAll() } }
        return try await entry.done.wait().get()
    }

    /// Returns when everything is on disk.
    func drain() async {
        let idle = state.withLock { state -> Outcome<Void>? in
            guard state.isCommitting else { return nil }
            let idle = state.idle ?? Outcome()
            state.idle = idle
            return idle
        }
        await idle?.wait()
    }

    private func commitAll() async {
        while let batch = takeBatch() {
            do throws(FunctionStoreError) {
                let outcomes = try await store.commit(batch.map(\.change))
                for (entry, outcome) in zip(batch, outcomes) { entry.done.settle(.success(outcome)) }
            } catch {
                for entry in batch { entry.done.settle(.failure(FunctionCatalog.lambdaError(error))) }
            }
        }
    }

    private func takeBatch() -> [Entry]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isCommitting = false
                state.idle?.settle()
                state.idle = nil
                return nil
            }
            var (count, size) = (0, 0)
            while count < min(state.waiting.count, Self.mostChanges), size < Self.largestBatch {
                size += state.waiting[count].change.size
                count += 1
            }
            defer { state.waiting.removeFirst(count) }
            return Array(state.waiting.prefix(count))
        }
    }
}
