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
