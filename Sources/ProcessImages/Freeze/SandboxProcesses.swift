import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// The processes of a sandbox beside the runtime itself.
enum SandboxProcesses {
    /// The runtime's children that have ended and were not waited for. Refuses all that live: a clone is one process.
    static func ended(of target: FreezeTarget, into refusals: inout Refusals) -> [thaw_child] {
        var ended: [thaw_child] = []
        for child in children(of: target.pid) {
            if let status = child.status {
                ended.append(thaw_child(pid: child.pid, status: status))
            } else {
                let what =
                    child.hasEnded ? "an ended child of the runtime that nobody waited for" : "a child of the runtime"
                refusals.add(
                    "process \(child.pid) (\(child.name)) is \(what)",
                    "wait for it or end it in a before-snapshot hook", patience: child.hasEnded ? .moment : .none)
            }
        }
        refuseOrphans(of: target, into: &refusals)
        return ended.sorted { $0.pid < $1.pid }
    }

    private static func refuseOrphans(of target: FreezeTarget, into refusals: inout Refusals) {
        guard let initPID = target.initPID else { return }
        for orphan in children(of: initPID) where orphan.hostPID != target.pid {
            refusals.add(
                "process \(orphan.pid) (\(orphan.name)) was started by the runtime and goes on without it",
                "end it in a before-snapshot hook", patience: orphan.hasEnded ? .moment : .none)
        }
    }

    private struct Child {
        let hostPID: CInt
        /// In the sandbox's pid namespace.
        let pid: UInt32
        let name: String
        let hasEnded: Bool
        /// How it ended, of a child that is told of by SIGCHLD and in no group of its own: what a clone can have again.
        let status: UInt32?
    }

    /// Of each thread: a child belongs to the one that made it.
    private static func children(of pid: CInt) -> [Child] {
        let threads = (try? Directory.entries(FilePath("/proc/\(pid)/task"))) ?? []
        return threads.flatMap { thread -> [Child] in
            let text = (try? SmallFile.text(FilePath("/proc/\(pid)/task/\(thread)/children"))) ?? ""
            return text.split(separator: " ").compactMap { CInt($0) }.compactMap(child)
        }
    }

    private static func child(_ pid: CInt) -> Child? {
        guard let status = try? ProcText(of: "/proc/\(pid)/status") else { return nil }
        let hasEnded = status.value("State")?.hasPrefix("Z") == true
        return Child(
            hostPID: pid, pid: status.innermostPID, name: status.value("Name") ?? "?", hasEnded: hasEnded,
            status: hasEnded ? endStatus(of: pid) : nil)
    }

    /// proc_pid_stat(5): exit_code, of a child whose exit_signal is the usual one and whose group is its parent's.
    private static func endStatus(of pid: CInt) -> UInt32? {
        guard let stat = (try? ProcText(of: "/proc/\(pid)/stat")).map(ProcStat.init),
            let parent = (try? ProcText(of: "/proc/\(stat[4])/stat")).map(ProcStat.init),
            stat[38] == UInt64(SIGCHLD), stat[5] == parent[5], stat[52] <= 0xFFFF
        else { return nil }
        return UInt32(stat[52])
    }
}
