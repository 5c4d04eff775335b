import LinuxKit
import SystemPackage

/// The processes of a sandbox beside the runtime itself.
enum SandboxProcesses {
    /// Refuses them all: a clone is one process.
    static func refuse(of target: FreezeTarget, into refusals: inout Refusals) {
        for child in children(of: target.pid) {
            let what =
                child.hasEnded ? "an ended child of the runtime that nobody waited for" : "a child of the runtime"
            refusals.add(
                "process \(child.pid) (\(child.name)) is \(what)",
                "wait for it or end it in a before-snapshot hook", isPassing: child.hasEnded)
        }
        guard let initPID = target.initPID else { return }
        for orphan in children(of: initPID) where orphan.hostPID != target.pid {
            refusals.add(
                "process \(orphan.pid) (\(orphan.name)) was started by the runtime and goes on without it",
                "end it in a before-snapshot hook", isPassing: orphan.hasEnded)
        }
    }

    private struct Child {
        let hostPID: CInt
        /// In the sandbox's pid namespace.
        let pid: UInt32
        let name: String
        let hasEnded: Bool
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
        return Child(
            hostPID: pid, pid: status.innermostPID, name: status.value("Name") ?? "?",
            hasEnded: status.value("State")?.hasPrefix("Z") == true)
    }
}
