import Sandboxes
import Snapshots
import Synchronization

/// Clones of one snapshot that are complete and wait to be woken.
final class ParkedClones: Sendable {
    private struct State {
        var waiting: [Clone] = []
        var target = 0
        var underway = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    /// How many wait.
    var count: Int { state.withLock { $0.waiting.count } }

    /// The one made last; nil when none waits. Not looked at: it may have ended meanwhile.
    func take() -> Clone? { state.withLock { $0.waiting.popLast() } }

    /// Brings the number of waiting clones to `count`; returns when that is done or cannot be.
    func keep(_ count: Int, make: () async -> Clone?, end: (Clone) async -> Void) async {
        state.withLock { $0.target = $0.isClosed ? 0 : max(0, count) }
        while let surplus = surplus() { await end(surplus) }
        while beginMaking() {
            let clone = await make()
            guard let clone else {
                state.withLock { $0.underway -= 1 }
                return
            }
            // The wish may have changed meanwhile.
            let isWanted = state.withLock { state in
                state.underway -= 1
                guard state.waiting.count < state.target else { return false }
                state.waiting.append(clone)
                return true
            }
            if !isWanted {
                await end(clone)
                return
            }
        }
    }

    /// Ends those that wait; none waits from then on.
    func close(end: (Clone) async -> Void) async {
        state.withLock { $0.isClosed = true }
        await keep(0, make: { nil }, end: end)
    }

    private func surplus() -> Clone? {
        state.withLock { $0.waiting.count > $0.target ? $0.waiting.popLast() : nil }
    }

    private func beginMaking() -> Bool {
        state.withLock { state in
            guard state.waiting.count + state.underway < state.target else { return false }
            state.underway += 1
            return true
        }
    }
}
