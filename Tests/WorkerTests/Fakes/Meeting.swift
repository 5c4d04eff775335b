import Synchronization

/// Lets tasks wait for each other and for the test.
final class Meeting: Sendable {
    private struct State {
        var arrived = 0
        var isOpen = false
        var inside: [CheckedContinuation<Void, Never>] = []
        var watchers: [(count: Int, CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// Arrives, and waits until ``open()``.
    func wait() async {
        await withCheckedContinuation { waiter in
            let (goes, watchers) = state.withLock { state in
                state.arrived += 1
                let ready = state.watchers.filter { $0.count <= state.arrived }.map(\.1)
                state.watchers.removeAll { $0.count <= state.arrived }
                if !state.isOpen { state.inside.append(waiter) }
                return (state.isOpen, ready)
            }
            if goes { waiter.resume() }
            for watcher in watchers { watcher.resume() }
        }
    }

    /// How many have arrived.
    var count: Int { state.withLock { $0.arrived } }

    /// Returns when `count` have arrived.
    func arrival(of count: Int) async {
        await withCheckedContinuation { watcher in
            let isThere = state.withLock { state in
                if state.arrived < count { state.watchers.append((count, watcher)) }
                return state.arrived >= count
            }
            if isThere { watcher.resume() }
        }
    }

    /// Lets everyone go on, also those who come later.
    func open() {
        let inside = state.withLock { state in
            state.isOpen = true
            defer { state.inside = [] }
            return state.inside
        }
        for waiter in inside { waiter.resume() }
    }
}
