import Synchronization

/// Values by keys that come from outside: found without a lock, never removed, and at most so many.
final class HandleTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private final class Entry: Sendable {
        let key: Key
        let value: Value

        init(_ key: Key, _ value: Value) {
            self.key = key
            self.value = value
        }
    }

    // Never moved. A place that has an entry keeps it, and is passed by whoever looks for another key.
    nonisolated(unsafe) private let places: UnsafeMutablePointer<AtomicLazyReference<Entry>>
    private let capacity: Int
    private let limit: Int
    private let count = Atomic<Int>(0)
    /// What all keys beyond the limit share.
    private let rest: Value
    private let make: @Sendable (Key) -> Value

    /// - Parameter make: may be called more than once for a key, by threads that come at the same time.
    init(limit: Int, rest: Value, make: @escaping @Sendable (Key) -> Value) {
        self.limit = max(0, limit)
        self.rest = rest
        self.make = make
        // At most half of the places are taken, so that a search is short.
        capacity = max(2, 2 * self.limit)
        places = .allocate(capacity: capacity)
        for index in 0..<capacity { (places + index).initialize(to: AtomicLazyReference()) }
    }

    deinit {
        places.deinitialize(count: capacity)
        places.deallocate()
    }

    func value(of key: Key) -> Value {
        var place = Int(truncatingIfNeeded: UInt(bitPattern: key.hashValue) % UInt(capacity))
        for _ in 0..<capacity {
            if let entry = places[place].load() ?? fill(place, with: key) {
                if entry.key == key { return entry.value }
            } else {
                return rest
            }
            place = (place + 1) % capacity
        }
        return rest
    }

    /// What the place holds afterwards, whoever put it there; nil when there are enough keys.
    private func fill(_ place: Int, with key: Key) -> Entry? {
        guard count.add(1, ordering: .relaxed).newValue <= limit else {
            count.subtract(1, ordering: .relaxed)
            return nil
        }
        let own = Entry(key, make(key))
        let kept = places[place].storeIfNil(own)
        if kept !== own { count.subtract(1, ordering: .relaxed) }
        return kept
    }
}
