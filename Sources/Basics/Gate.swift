/// Lets at most `limit` holders in at a time, in the order they came.
package actor Gate {
    private let limit: Int
    private var free: Int
    private var waiters: [CheckedContinuation<Void, Never>] = []

    package init(limit: Int) { (self.limit, free) = (limit, limit) }

    /// Who is in, and who waits.
    package var load: (running: Int, waiting: Int) { (limit - free, waiters.count) }

    package func pass<R: Sendable, Failure: Error>(
        _ body: @Sendable () async throws(Failure) -> R
    ) async throws(Failure) -> R {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiters.append($0) }
        }
        defer {
            if waiters.isEmpty { free += 1 } else { waiters.removeFirst().resume() }
        }
        return try await body()
    }
}
