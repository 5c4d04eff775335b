import Synchronization

/// An end that comes once: whoever asks for it waits for the same one.
package final class SingleEnd: Sendable {
    private let task = Mutex<Task<Void, Never>?>(nil)

    package init() {}

    /// Runs `tearDown` unless that has begun already, and returns when it is done.
    package func run(_ tearDown: @escaping @Sendable () async -> Void) async {
        let task = task.withLock { task in
            if let task { return task }
            let begun = Task { await tearDown() }
            task = begun
            return begun
        }
        await task.value
    }
}
