import Sandboxes
import Snapshots
import Synchronization

/// The templates of a server, at most so many: each has the memory of a whole runtime.
final class Templates: Sendable {
    private struct Entry {
        let template: Template
        var lastUse: UInt64
    }

    private struct State {
        var entries: [SnapshotID: Entry] = [:]
        var uses: UInt64 = 0
        var isClosed = false
    }

    private let starter: TemplateStarter
    private let host: SnapshotRequirements
    private let maximum: Int
    private let endClone: @Sendable (Clone) async -> Void
    private let state = Mutex(State())

    /// - Parameter endClone: what is done with clones that wait when their template is dropped.
    init(
        starter: TemplateStarter, host: SnapshotRequirements, maximum: Int,
        endClone: @escaping @Sendable (Clone) async -> Void
    ) {
        self.endClone = endClone
        self.starter = starter
        self.host = host
        self.maximum = max(1, maximum)
    }

    /// The template of a snapshot, running or not. Drops the one that has not been used for the longest when there are too many.
    func template(of snapshot: SnapshotLease) throws(SandboxError) -> Template {
        let (template, dropped) = try state.withLock { state throws(SandboxError) -> (Template, Template?) in
            guard !state.isClosed else { throw .shuttingDown }
            state.uses += 1
            if let known = state.entries[snapshot.id]?.template {
                state.entries[snapshot.id]?.lastUse = state.uses
                return (known, nil)
            }
            let template = Template(snapshot, blueprint: try ProcessBlueprint(snapshot, host: host), starter: starter)
            let dropped = state.entries.count >= maximum ? removeOldest(&state) : nil
            state.entries[snapshot.id] = Entry(template: template, lastUse: state.uses)
            return (template, dropped)
        }
        if let dropped { Task { await end(dropped) } }
        return template
    }

    /// How many run, and how many clones wait with them.
    var census: (running: Int, parked: Int) {
        let all = state.withLock { $0.entries.values.map(\.template) }
        return (all.count { $0.running != nil }, all.reduce(0) { $0 + $1.parked.count })
    }

    private func removeOldest(_ state: inout State) -> Template? {
        guard let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key else { return nil }
        return state.entries.removeValue(forKey: oldest)?.template
    }

    func dropReadyClones(of snapshot: SnapshotID) async {
        let template = state.withLock { $0.entries[snapshot]?.template }
        await template?.parked.keep(0, make: { nil }, end: endClone)
    }

    /// Ends the template of a snapshot that is no longer wanted, with what waits for it.
    func drop(_ snapshot: SnapshotID) async {
        if let entry = state.withLock({ $0.entries.removeValue(forKey: snapshot) }) { await end(entry.template) }
    }

    private func end(_ template: Template) async {
        await template.parked.keep(0, make: { nil }, end: endClone)
        await template.close()
    }

    /// Ends all; none is made from then on.
    func close() async {
        let all = state.withLock { state in
            state.isClosed = true
            defer { state.entries = [:] }
            return state.entries.values.map(\.template)
        }
        await withTaskGroup(of: Void.self) { group in
            for template in all { group.addTask { await self.end(template) } }
        }
    }
}
