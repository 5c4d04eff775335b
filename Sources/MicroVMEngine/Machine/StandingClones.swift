import Snapshots

/// Clones that have loaded their state and wait, by snapshot.
actor StandingClones {
    private var waiting: [SnapshotID: [Machine]] = [:]
    private var targets: [SnapshotID: Int] = [:]
    /// Snapshots for which machines are being made right now, and how many.
    private var underway: [SnapshotID: Int] = [:]
    private var isClosed = false

    /// How many wait.
    var count: Int { waiting.values.reduce(0) { $0 + $1.count } }

    func take(_ snapshot: SnapshotID) -> Machine? { waiting[snapshot]?.popLast() }

    /// One of whatever snapshot has some.
    func takeAny() -> Machine? {
        waiting.first { !$0.value.isEmpty }.flatMap { take($0.key) }
    }

    /// Brings the number of waiting clones to `count`; returns when that is done or cannot be.
    func keep(
        _ count: Int, of snapshot: SnapshotID, make: @Sendable () async -> Machine?,
        end: @Sendable (Machine) async -> Void
    ) async {
        targets[snapshot] = count > 0 ? count : nil
        while let surplus = surplus(snapshot) { await end(surplus) }
        while isShort(snapshot) {
            underway[snapshot, default: 0] += 1
            let machine = await make()
            underway[snapshot, default: 1] -= 1
            guard let machine else { return }
            // The wish may have changed meanwhile.
            guard isShort(snapshot) else {
                await end(machine)
                return
            }
            waiting[snapshot, default: []].append(machine)
        }
        if underway[snapshot] == 0 { underway[snapshot] = nil }
    }

    /// No more is prepared or handed out; the machines themselves are the registry's to end.
    func close() {
        isClosed = true
        waiting = [:]
    }

    private func isShort(_ snapshot: SnapshotID) -> Bool {
        let have = (waiting[snapshot]?.count ?? 0) + (underway[snapshot] ?? 0)
        return !isClosed && have < (targets[snapshot] ?? 0)
    }

    private func surplus(_ snapshot: SnapshotID) -> Machine? {
        guard waiting[snapshot]?.count ?? 0 > targets[snapshot] ?? 0 else { return nil }
        return waiting[snapshot]?.popLast()
    }
}
