import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// A process of a sandbox that has children, or is one, as /proc shows it.
struct SandboxProcess {
    /// In this process's pid namespace.
    let hostPID: CInt
    /// In the sandbox's.
    let pid: UInt32
    let name: String
    let hasEnded: Bool
    /// Of this process's namespace, as `hostPID`.
    let group, session: CInt
    /// The signal that tells its parent of its end.
    let endSignal: UInt64
    private let endStatus: UInt64

    init?(_ hostPID: CInt) {
        guard let status = try? ProcText(of: "/proc/\(hostPID)/status"),
            let stat = (try? ProcText(of: "/proc/\(hostPID)/stat")).map(ProcStat.init)
        else { return nil }
        self.hostPID = hostPID
        pid = status.innermostPID
        name = status.value("Name") ?? "?"
        hasEnded = status.value("State")?.hasPrefix("Z") == true
        group = CInt(truncatingIfNeeded: stat[5])
        session = CInt(truncatingIfNeeded: stat[6])
        endSignal = stat[38]
        endStatus = stat[52]
    }

    var title: String { "\(pid) (\(name))" }

    /// How it ended, of a child that is told of by SIGCHLD and in no group of its own: what a clone can have again.
    func ended(of parent: SandboxProcess) -> thaw_child? {
        guard endSignal == UInt64(SIGCHLD), group == parent.group, endStatus <= 0xFFFF else { return nil }
        return thaw_child(pid: pid, status: UInt32(endStatus))
    }

    /// Of each thread: a child belongs to the one that made it.
    static func children(of pid: CInt) -> [SandboxProcess] {
        let threads = (try? Directory.entries(FilePath("/proc/\(pid)/task"))) ?? []
        return threads.flatMap { thread -> [SandboxProcess] in
            let text = (try? SmallFile.text(FilePath("/proc/\(pid)/task/\(thread)/children"))) ?? ""
            return text.split(separator: " ").compactMap { CInt($0) }.compactMap(SandboxProcess.init)
        }
    }

    /// All that live below a process.
    static func descendants(of pid: CInt) -> [SandboxProcess] {
        children(of: pid).filter { !$0.hasEnded }.flatMap { [$0] + descendants(of: $0.hostPID) }
    }
}

/// The processes of a sandbox, all stopped by the thread that made this: the runtime, and what descends from it.
struct StoppedTree {
    struct Member {
        let stopped: StoppedProcess
        let process: SandboxProcess
        /// Its parent's place among the members; nil of the first.
        let parent: Int?
        /// Children that have ended and were not waited for.
        var ended: [thaw_child] = []
    }

    /// Parents before their children, and what these have made before the next: in this order a clone makes them.
    private(set) var members: [Member] = []
    private(set) var refusals = Refusals()

    /// What a clone may have besides the runtime: the memory of each is filled anew in every clone.
    static let mostOthers = 16

    static func stop(_ target: FreezeTarget) throws(FreezeError) -> StoppedTree {
        var tree = StoppedTree()
        guard let runtime = SandboxProcess(target.pid) else {
            throw .failed("the runtime, process \(target.pid), has ended")
        }
        do { try tree.add(runtime, parent: nil) } catch {
            tree.release()
            throw error
        }
        tree.refuseOrphans(of: target)
        return tree
    }

    private mutating func add(_ process: SandboxProcess, parent: Int?) throws(FreezeError) {
        let index = members.count
        let stopped = try Self.stop(process, isFirst: parent == nil)
        members.append(Member(stopped: stopped, process: process, parent: parent))
        // It stands, so that no more come.
        for child in SandboxProcess.children(of: process.hostPID) {
            if child.hasEnded {
                takeEnded(child, of: index)
            } else if members.count > Self.mostOthers {
                refusals.add(
                    "process \(child.title) is one more than the \(Self.mostOthers) beside the runtime",
                    "end some of them in a before-snapshot hook")
            } else if child.endSignal != UInt64(SIGCHLD) {
                refusals.add(
                    "process \(child.title) is a child of the runtime that does not tell of its end by SIGCHLD",
                    "wait for it or end it in a before-snapshot hook")
            } else {
                try add(child, parent: index)
            }
        }
    }

    private static func stop(_ process: SandboxProcess, isFirst: Bool) throws(FreezeError) -> StoppedProcess {
        do {
            return try StoppedProcess.stop(process.hostPID)
        } catch {
            if !isFirst, SandboxProcess(process.hostPID)?.hasEnded != false {
                throw .refused([
                    Refusal(
                        finding: "process \(process.title) ends just now",
                        remedy: "wait for it in a before-snapshot hook", patience: .moment)
                ])
            }
            throw error
        }
    }

    private mutating func takeEnded(_ child: SandboxProcess, of parent: Int) {
        if let ended = child.ended(of: members[parent].process) {
            members[parent].ended.append(ended)
            members[parent].ended.sort { $0.pid < $1.pid }
            return
        }
        refusals.add(
            "process \(child.title) is an ended child of the runtime that nobody waited for",
            "wait for it or end it in a before-snapshot hook", patience: .moment)
    }

    private mutating func refuseOrphans(of target: FreezeTarget) {
        guard let initPID = target.initPID else { return }
        for orphan in SandboxProcess.children(of: initPID) where orphan.hostPID != target.pid {
            refusals.add(
                "process \(orphan.title) was started by the runtime and goes on without it",
                "end it in a before-snapshot hook", patience: orphan.hasEnded ? .moment : .none)
        }
    }

    /// Lets them go on.
    func release() {
        for member in members { member.stopped.release() }
    }

    func leaveStopped(_ processes: [ProcessAccess]) throws(Errno) {
        for (member, process) in zip(members, processes) { try member.stopped.leaveStopped(process) }
    }
}

// MARK: - Sessions and groups

extension StoppedTree {
    /// Who leads what, and whose group it joins: `leads` and `group` of `thaw_process`.
    struct Place {
        var leads: UInt32 = 0
        var group: UInt32 = 0
    }

    /// The place of a member after the first; nil when a clone's could not be the same.
    func place(of index: Int) -> Place? {
        guard let parent = members[index].parent.map({ members[$0].process }) else { return nil }
        let process = members[index].process
        if process.session == process.hostPID {
            return process.group == process.hostPID ? Place(leads: THAW_LEADS_SESSION.rawValue) : nil
        }
        guard process.session == parent.session else { return nil }
        if process.group == parent.group { return Place() }
        if process.group == process.hostPID { return Place(leads: THAW_LEADS_GROUP.rawValue) }
        let leader = members[..<index].first { member in
            member.process.hostPID == process.group && member.process.group == process.group
                && member.process.session == process.session
        }
        return leader.map { Place(group: $0.process.pid) }
    }

    /// What two processes cannot have together in a clone.
    func refuseSharing(into refusals: inout Refusals) throws(Errno) {
        for (index, member) in members.enumerated() {
            let tid = member.process.hostPID
            if index > 0, place(of: index) == nil {
                refusals.add(
                    "process \(member.process.title) is in a session or process group that is neither its parent's nor its own",
                    "end it in a before-snapshot hook")
            }
            for other in members[..<index] {
                let known = other.process.hostPID
                let shared = [
                    try TracedThread.shareMemory(known, tid), try TracedThread.shareDescriptors(known, tid),
                    try TracedThread.shareDirectories(known, tid),
                ]
                guard shared.contains(true) else { continue }
                refusals.add(
                    "process \(member.process.title) has its memory, descriptors or directory in common with process \(other.process.title)",
                    "end it in a before-snapshot hook")
            }
        }
    }
}
