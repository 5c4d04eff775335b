import LinuxKit
import Sandboxes
import Snapshots
import SystemPackage

/// Every machine that exists, so that a shutdown misses none.
actor MachineRegistry {
    private var machines: [SandboxID: Machine] = [:]
    private var isClosed = false

    /// False once the registry is closed: the machine must end.
    func add(_ machine: Machine) -> Bool {
        guard !isClosed else { return false }
        machines[machine.id] = machine
        return true
    }

    func remove(_ machine: Machine) { machines[machine.id] = nil }

    func endAll() async {
        isClosed = true
        let ending = machines.values
        machines = [:]
        await withTaskGroup(of: Void.self) { group in
            for machine in ending { group.addTask { await machine.end() } }
        }
    }
}

/// Clones that have loaded their state and wait, by snapshot.
actor PreparedClones {
    private var waiting: [SnapshotID: [Machine]] = [:]
    private var targets: [SnapshotID: Int] = [:]
    /// Snapshots for which machines are being made right now, and how many.
    private var underway: [SnapshotID: Int] = [:]
    private var isClosed = false

    func take(_ snapshot: SnapshotID) -> Machine? { waiting[snapshot]?.popLast() }

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

/// Guards the memory files that clones map: QEMU insists on opening them for writing, so a guest that had broken out of its
/// QEMU could change what its siblings start from. A file written to since it was checked is never used again.
actor TemplateMemory {
    private var modified: [SnapshotID: Int64] = [:]

    func open(_ snapshot: SnapshotLease) throws(SandboxError) -> SharedDescriptor {
        let path = snapshot.path(Blueprint.File.memory)
        let file = try MachineFiles.open(path)
        let status = try hostCall("look at \(path)") { try FileStatus.of(file.descriptor) }
        if let known = modified[snapshot.id], known != status.modified {
            throw .snapshotUnusable("\(path) has been changed since it was checked")
        }
        modified[snapshot.id] = status.modified
        return file
    }
}

/// The cgroups of this server's machines.
struct MachineCgroups: Sendable {
    let hierarchy: CgroupHierarchy
    /// Begins the name of each; a sweep removes what begins so and nothing else.
    let instance: String

    func create(_ id: SandboxID, limits: CgroupLimits) throws(CgroupError) -> Cgroup {
        try hierarchy.create("\(instance)-\(id)", limits: limits)
    }

    /// Removes the directory all of ours lie in, unless another server on the host has some there.
    func removeParents() async {
        let hierarchy = hierarchy
        await BlockingThread.run { hierarchy.removeIfEmpty() }
    }

    func sweep() async throws(SandboxError) {
        let prefix = "\(instance)-"
        let hierarchy = hierarchy
        let outcome = await BlockingThread.run {
            Result { () throws(CgroupError) in try hierarchy.sweep(prefix: prefix) }
        }
        _ = try hostCall { try outcome.get() }
    }
}
