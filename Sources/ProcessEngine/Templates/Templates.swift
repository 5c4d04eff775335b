import Sandboxes
import Snapshots
import Synchronization

/// The templates of a server: as many as their memory allows, since each has that of a whole runtime.
final class Templates: Sendable {
    private struct State {
        var bySnapshot: [SnapshotID: Template] = [:]
        var byNumber: [TemplateLedger.Number: Template] = [:]
        var ledger: TemplateLedger
        var isClosed = false
    }

    private let starter: TemplateStarter
    private let host: SnapshotRequirements
    private let endClone: @Sendable (Clone) async -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - budget: what all of them may have in memory, in bytes.
    ///   - endClone: what is done with clones that wait when their template goes.
    init(
        starter: TemplateStarter, host: SnapshotRequirements, budget: UInt64,
        endClone: @escaping @Sendable (Clone) async -> Void
    ) {
        self.endClone = endClone
        self.starter = starter
        self.host = host
        state = Mutex(State(ledger: TemplateLedger(budget: budget)))
    }

    // MARK: - Use

    /// The template of a snapshot, running or not.
    func lease(_ snapshot: SnapshotLease) throws(SandboxError) -> TemplateLease {
        let template = try state.withLock { state throws(SandboxError) -> Template in
            guard !state.isClosed else { throw .shuttingDown }
            let template: Template
            if let known = state.bySnapshot[snapshot.id] {
                template = known
            } else {
                template = try add(snapshot, to: &state)
            }
            state.ledger.begin(.thaw, of: template.number)
            return template
        }
        return TemplateLease(template, for: .thaw, from: self)
    }

    private func add(_ snapshot: SnapshotLease, to state: inout State) throws(SandboxError) -> Template {
        let blueprint = try ProcessBlueprint(snapshot, host: host)
        // Who thaws a snapshot that was just removed is served, but nothing stays.
        let number = state.ledger.add(isForgotten: snapshot.isLeaving)
        let template = Template(snapshot, number: number, blueprint: blueprint, starter: starter) {
            [weak self] bytes in self?.note(bytes, of: number)
        }
        state.bySnapshot[snapshot.id] = template
        state.byNumber[number] = template
        return template
    }

    /// Only for ``TemplateLease/ofClone()``.
    func leaseOfClone(_ template: Template) -> TemplateLease {
        state.withLock { $0.ledger.begin(.clone, of: template.number) }
        return TemplateLease(template, for: .clone, from: self)
    }

    /// Only for ``TemplateLease``.
    func end(_ use: TemplateLedger.Use, of template: Template) {
        letGo { $0.end(use, of: template.number) }
    }

    private func note(_ bytes: UInt64, of template: TemplateLedger.Number) {
        letGo { $0.note(bytes, of: template) }
    }

    /// How many run, and how many clones wait with them.
    var census: (running: Int, parked: Int) {
        let all = state.withLock { Array($0.byNumber.values) }
        return (all.count { $0.running != nil }, all.reduce(0) { $0 + $1.parked.count })
    }

    // MARK: - The end

    /// Ends what the ledger lets go of; nobody waits for that.
    private func letGo(_ decide: (inout TemplateLedger) -> [TemplateLedger.Number]) {
        let gone = state.withLock { state in take(decide(&state.ledger), from: &state) }
        if !gone.isEmpty { Task { await end(gone) } }
    }

    private func take(_ numbers: [TemplateLedger.Number], from state: inout State) -> [Template] {
        numbers.compactMap { number in
            guard let template = state.byNumber.removeValue(forKey: number) else { return nil }
            state.bySnapshot[template.snapshot.id] = nil
            return template
        }
    }

    /// With what waits for them.
    private func end(_ templates: [Template]) async {
        await withTaskGroup(of: Void.self) { group in
            for template in templates {
                group.addTask { [endClone] in
                    await template.parked.close(end: endClone)
                    await template.close()
                }
            }
        }
    }

    /// Ends the clones that wait for a snapshot's thaws.
    func dropReadyClones(of snapshot: SnapshotID) async {
        let template = state.withLock { $0.bySnapshot[snapshot] }
        await template?.parked.keep(0, make: { nil }, end: endClone)
    }

    /// Nobody is to use this snapshot again. Returns when its template is gone, or at once when that is in use: then it goes with
    /// the last thaw that is under way.
    func forget(_ snapshot: SnapshotID) async {
        let (template, gone) = state.withLock { state -> (Template?, [Template]) in
            guard let template = state.bySnapshot[snapshot] else { return (nil, []) }
            return (template, state.ledger.forget(template.number) ? take([template.number], from: &state) : [])
        }
        await template?.parked.close(end: endClone)
        await end(gone)
    }

    /// Ends templates that nobody uses until so many bytes are free, the one used last at last; how many are.
    func shed(atLeast bytes: UInt64) async -> UInt64 {
        let (gone, freed) = state.withLock { state in
            let shed = state.ledger.shed(atLeast: bytes)
            return (take(shed.templates, from: &state), shed.freed)
        }
        await end(gone)
        return freed
    }

    /// Clones that wait, one after the other as they are asked for: first those of the template that was used first.
    var readyClones: some Sequence<Clone> {
        let all = state.withLock { state in state.ledger.byLastUse.compactMap { state.byNumber[$0] } }
        return all.lazy.flatMap { template in sequence(state: template) { $0.parked.take() } }
    }

    /// Ends all; none is made from then on.
    func close() async {
        let all = state.withLock { state in
            state.isClosed = true
            state.ledger.removeAll()
            state.bySnapshot = [:]
            defer { state.byNumber = [:] }
            return Array(state.byNumber.values)
        }
        await end(all)
    }
}
