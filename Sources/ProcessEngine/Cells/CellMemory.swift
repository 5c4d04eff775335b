import Glibc
import LinuxKit
import Synchronization
import SystemPackage

/// The memory of one sandbox, apart from its /tmp.
///
/// The cgroup's limit is that of both, because /tmp lies in memory. So the kernel lets a function have as much more memory as its /tmp
/// is empty; here such a sandbox is found and ended.
package final class CellMemory: Sendable {
    private struct State {
        var limit: UInt64
        /// In version 1 all that were ever set.
        var marks: Set<UInt64> = []
        var tenant: ChildProcess?
        var kills: UInt64 = 0
        var look = Look.none
    }

    private enum Look { case none, underWay, twice }

    let cgroup: Cgroup
    private let state: Mutex<State>
    /// More looks in a row find the same.
    private static let mostLooks = 64

    init(of cgroup: Cgroup, limit: UInt64) {
        self.cgroup = cgroup
        state = Mutex(State(limit: limit))
    }

    /// How many of the sandbox's processes were ended for want of memory.
    package var kills: UInt64 { UInt64(cgroup.memoryKills()) + state.withLock { $0.kills } }

    func setLimit(_ bytes: UInt64) { state.withLock { $0.limit = bytes } }

    /// Whose memory it is; nil once that has ended.
    func setTenant(_ process: ChildProcess?) { state.withLock { $0.tenant = process } }

    /// Whether the mark is higher than a sandbox with an empty /tmp needs it.
    func isRaised() -> Bool { state.withLock { state in state.marks.contains { $0 > state.limit } } }

    var isAboveLimit: Bool { (cgroup.memoryBytes() ?? 0) >= state.withLock { $0.limit } }

    // MARK: - Looking

    /// False when somebody looks, who will look once more then.
    func beginLook() -> Bool {
        state.withLock { state in
            defer { state.look = state.look == .none ? .underWay : .twice }
            return state.look == .none
        }
    }

    /// Finds out what the sandbox uses and ends it, or sets the mark at which it is to be looked at again. Blocks, and in version 1 for
    /// some 20 ms.
    func look(_ bell: CgroupMemoryBell) throws(CgroupError) {
        do {
            repeat {
                var looks = 0
                while try !isLookedAt(bell), looks < Self.mostLooks { looks += 1 }
            } while !endLook()
        } catch {
            state.withLock { $0.look = .none }
            throw error
        }
    }

    /// False when somebody wanted another one meanwhile.
    private func endLook() -> Bool {
        state.withLock { state in
            defer { state.look = state.look == .twice ? .underWay : .none }
            return state.look != .twice
        }
    }

    /// False when the sandbox has gone past the mark before that was set.
    private func isLookedAt(_ bell: CgroupMemoryBell) throws(CgroupError) -> Bool {
        guard let usage = cgroup.memoryBytes() else { return true }
        let (limit, tenant) = state.withLock { ($0.limit, $0.tenant) }
        var mark = limit
        if usage >= limit {
            let used = bytesInUse(tenant)
            guard used < limit else {
                end(tenant)
                return true
            }
            mark = usage + max(limit - used, limit / 8)
        }
        try set(mark, above: usage, bell)
        return (cgroup.memoryBytes() ?? 0) < mark
    }

    private func set(_ mark: UInt64, above usage: UInt64, _ bell: CgroupMemoryBell) throws(CgroupError) {
        switch bell.version {
        case .one:
            guard state.withLock({ state in !state.marks.contains { $0 > usage && $0 <= mark } }) else { return }
            try bell.setMark(mark, of: cgroup)
            state.withLock { _ = $0.marks.insert(mark) }
        case .two:
            try bell.setMark(mark, of: cgroup)
            state.withLock { $0.marks = [mark] }
        }
    }

    /// What is a sandbox's own, or what its runtime has resident, if that is more: a clone has pages in common with its template.
    /// Memory with a name counts, files in /tmp do not.
    private func bytesInUse(_ tenant: ChildProcess?) -> UInt64 {
        guard let (anonymous, shared) = cgroup.unreclaimableBytes() else { return 0 }
        guard let tenant else { return anonymous }
        let resident = (try? ProcText(of: "/proc/\(tenant.pid)/status"))?.memory("RssAnon") ?? 0
        let scratch = FileSystemUse.bytes(at: FilePath("/proc/\(tenant.pid)/root/tmp")) ?? shared
        return max(anonymous, resident) + (shared > scratch ? shared - scratch : 0)
    }

    private func end(_ tenant: ChildProcess?) {
        state.withLock { $0.kills += 1 }
        // What it has started ends with the sandbox.
        try? tenant?.signal(SIGKILL)
    }
}
