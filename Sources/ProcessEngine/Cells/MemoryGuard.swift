import LinuxKit
import Logging
import RuntimeAPI
import Sandboxes
import Synchronization
import SystemPackage

/// Looks at the sandboxes whose cgroups the kernel says have gone past a mark; nothing is done for all others. See ``CellMemory``.
final class MemoryGuard: Sendable {
    /// Those that share a bell.
    fileprivate final class Group: Sendable {
        let bell: CgroupMemoryBell
        let members = Mutex<[String: CellMemory]>([:])
        private let watch = Mutex<LoopWatch?>(nil)

        init(_ bell: CgroupMemoryBell) { self.bell = bell }

        func listen(on loop: EngineLoop, _ rung: @escaping @Sendable (Group) -> Void) throws(Errno) {
            let watch = try LoopWatch(loop, bell.descriptor, .readable) { [weak self] _ in
                if let self { rung(self) }
            }
            self.watch.withLock { $0 = watch }
        }
    }

    /// In version 1, where a bell does not say who rings it: how many slots have one in common. One each would take as many
    /// descriptors as there are sandboxes.
    private static let slotsOfGroup = 64

    private let version: CgroupVersion
    private let loop: EngineLoop
    private let logger: Logger
    private let groups = Mutex<[Int: Group]>([:])
    private let hasWarned = Atomic(false)
    private let work = Mutex(Work())

    private struct Work {
        var underWay = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(_ version: CgroupVersion, on loop: EngineLoop, logger: Logger) {
        self.version = version
        self.loop = loop
        self.logger = logger
    }

    /// What ends the watch of one sandbox.
    struct Watch: Sendable {
        fileprivate let group: Group
        fileprivate let tie: CgroupMemoryBell.Tie
    }

    /// Nil where the kernel tells nothing: then the limit of memory and /tmp together is the only one.
    func begin(_ memory: CellMemory, slot: Int) -> Watch? {
        do {
            let group = try group(at: version == .one ? slot / Self.slotsOfGroup : 0)
            group.members.withLock { $0[memory.cgroup.name] = memory }
            let watch = Watch(group: group, tie: try group.bell.tie(to: memory.cgroup))
            // In version 2 the mark is one of the cgroup's limits.
            if version == .one { look(at: memory, group) }
            return watch
        } catch {
            warn(error)
            return nil
        }
    }

    /// The limit is another one.
    func limitChanged(of memory: CellMemory, _ watch: Watch?) {
        if let watch, version == .one { look(at: memory, watch.group) }
    }

    /// The sandbox is idle: what it has deleted in /tmp is not to be room for its memory.
    func rest(_ memory: CellMemory, _ watch: Watch?) {
        if let watch, version == .two, memory.isRaised() { look(at: memory, watch.group) }
    }

    /// Before the cgroup is removed.
    func end(_ memory: CellMemory, _ watch: Watch?) {
        memory.setTenant(nil)
        guard let watch else { return }
        watch.group.members.withLock { $0[memory.cgroup.name] = nil }
        watch.group.bell.untie(watch.tie)
    }

    private func group(at index: Int) throws(Errno) -> Group {
        try groups.withLock { groups throws(Errno) in
            if let group = groups[index] { return group }
            let group = Group(try CgroupMemoryBell(version))
            try group.listen(on: loop) { [weak self] in self?.rung($0) }
            groups[index] = group
            return group
        }
    }

    private func rung(_ group: Group) {
        let names = group.bell.heard()
        let members = group.members.withLock { members in
            names.map { $0.compactMap { members[$0] } } ?? Array(members.values)
        }
        if names != nil {
            for memory in members { look(at: memory, group) }
        } else {
            start { for memory in members where memory.isAboveLimit { self.look(at: memory, group) } }
        }
    }

    private func look(at memory: CellMemory, _ group: Group) {
        guard memory.beginLook() else { return }
        start { [self] in
            do throws(CgroupError) { try memory.look(group.bell) } catch {
                // Of a sandbox that has ended.
                if error.errno != .noSuchFileOrDirectory, error.errno != .operationNotSupportedByDevice { warn(error) }
            }
        }
    }

    /// Returns when nobody looks at anything.
    func quiet() async {
        await withCheckedContinuation { done in
            let isQuiet = work.withLock { work in
                if work.underWay > 0 { work.waiters.append(done) }
                return work.underWay == 0
            }
            if isQuiet { done.resume() }
        }
    }

    private func start(_ task: @escaping @Sendable () -> Void) {
        work.withLock { $0.underWay += 1 }
        let body: @Sendable () -> Void = { [self] in
            task()
            let waiters = work.withLock { work in
                work.underWay -= 1
                defer { if work.underWay == 0 { work.waiters = [] } }
                return work.underWay == 0 ? work.waiters : []
            }
            for waiter in waiters { waiter.resume() }
        }
        do { try PosixThread.start(body) } catch { body() }
    }

    private func warn(_ error: any Error) {
        guard !hasWarned.exchange(true, ordering: .relaxed) else { return }
        logger.warning(
            "memory beyond the function's is bounded only together with /tmp", metadata: ["error": "\(error)"])
    }
}
