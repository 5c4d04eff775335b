/// Lets one holder at a time in per key, in the order they came.
actor KeyedLock<Key: Hashable & Sendable> {
    /// A key that is present is held; the waiters are in the order they asked.
    private var waiters: [Key: [CheckedContinuation<Void, Never>]] = [:]

    func withLock<R: Sendable, E: Error>(
        _ key: Key, _ body: @Sendable () async throws(E) -> R
    ) async throws(E) -> R {
        await acquire(key)
        defer { release(key) }
        return try await body()
    }

    private func acquire(_ key: Key) async {
        guard waiters[key] != nil else {
            waiters[key] = []
            return
        }
        await withCheckedContinuation { waiters[key]?.append($0) }
    }

    private func release(_ key: Key) {
        guard var queue = waiters[key], !queue.isEmpty else {
            waiters[key] = nil
            return
        }
        let next = queue.removeFirst()
        waiters[key] = queue
        next.resume()
    }
}

/// Lets at most `limit` holders in at a time, in the order they came.
actor Gate {
    private let limit: Int
    private var free: Int
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(limit: Int) { (self.limit, free) = (limit, limit) }

    /// Who is in, and who waits.
    var load: (running: Int, waiting: Int) { (limit - free, waiters.count) }

    func pass<R: Sendable, Failure: Error>(
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
