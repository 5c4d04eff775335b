import Synchronization

/// Work that outlives the request which began it: every task is known here until it has ended, so none is lost at a stop.
package final class BackgroundTasks: Sendable {
    private struct State {
        var tasks: [UInt64: Task<Void, Never>] = [:]
        var next: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Starts `work`. The handle may be waited for or cancelled; dropping it changes nothing.
    @discardableResult
    func start(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        state.withLock { state in
            let number = state.next
            state.next += 1
            // The lock is held until the task is in the table, so its removal comes after.
            let task = Task { [self] in
                await work()
                self.state.withLock { _ = $0.tasks.removeValue(forKey: number) }
            }
            state.tasks[number] = task
            return task
        }
    }

    /// Waits until nothing runs, work begun meanwhile included.
    package func drain() async {
        while let task = state.withLock({ $0.tasks.first?.value }) { await task.value }
    }

    package func cancelAll() {
        for task in state.withLock({ Array($0.tasks.values) }) { task.cancel() }
    }
}
