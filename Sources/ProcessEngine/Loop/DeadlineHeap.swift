/// One deadline each for many holders, which are small numbers: the earliest is at hand, any can be moved or removed.
package struct DeadlineHeap {
    private struct Entry {
        var deadline: UInt64
        let holder: Int
    }

    /// A binary heap: no entry is earlier than its parent, which is at half its index.
    private var entries: [Entry] = []
    /// The index of a holder's entry, by holder; -1 when it has none.
    private var positions: [Int] = []

    package init() {}

    package var earliest: UInt64? { entries.first?.deadline }

    /// Gives `holder` this deadline instead of the one it had.
    package mutating func set(_ deadline: UInt64, for holder: Int) {
        while positions.count <= holder { positions.append(-1) }
        let position = positions[holder]
        guard position < 0 else {
            entries[position].deadline = deadline
            settle(position)
            return
        }
        entries.append(Entry(deadline: deadline, holder: holder))
        positions[holder] = entries.count - 1
        rise(entries.count - 1)
    }

    package mutating func remove(_ holder: Int) {
        guard holder < positions.count, positions[holder] >= 0 else { return }
        let position = positions[holder]
        swap(position, entries.count - 1)
        entries.removeLast()
        positions[holder] = -1
        if position < entries.count { settle(position) }
    }

    /// Removes a deadline that has passed; whose it was.
    package mutating func takePassed(at now: UInt64) -> Int? {
        guard let first = entries.first, first.deadline <= now else { return nil }
        remove(first.holder)
        return first.holder
    }

    // MARK: - Order

    private mutating func settle(_ position: Int) {
        rise(position)
        sink(position)
    }

    private mutating func rise(_ start: Int) {
        var position = start
        while position > 0, entries[position].deadline < entries[(position - 1) / 2].deadline {
            swap(position, (position - 1) / 2)
            position = (position - 1) / 2
        }
    }

    private mutating func sink(_ start: Int) {
        var position = start
        while true {
            var earliest = position
            for child in 2 * position + 1...2 * position + 2 where child < entries.count {
                if entries[child].deadline < entries[earliest].deadline { earliest = child }
            }
            if earliest == position { return }
            swap(position, earliest)
            position = earliest
        }
    }

    private mutating func swap(_ one: Int, _ other: Int) {
        entries.swapAt(one, other)
        positions[entries[one].holder] = one
        positions[entries[other].holder] = other
    }
}
