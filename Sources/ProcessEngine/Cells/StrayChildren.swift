import Glibc
import LinuxKit
import SystemPackage

/// Children of this process that nobody knows: a template made a clone and ended before it could say so.
///
/// Such a child is killed with its cell, but a pid namespace is gone only when its dead are buried, and that is for their
/// parent to do.
enum StrayChildren {
    /// Buries the dead that were born into another's pid namespace, which only this engine's are. One whose holder was about
    /// to do it finds it gone, which says the same. Blocks for a moment.
    static func bury() {
        for pid in all() where isZombieOfCell(pid) { _ = try? ChildProcess(child: pid).poll() }
    }

    private static func all() -> [CInt] {
        let tasks: FilePath = "/proc/self/task"
        return ((try? Directory.entries(tasks)) ?? []).flatMap { thread in
            let text = (try? SmallFile.text(tasks.appending(thread).appending("children"))) ?? ""
            return text.split(separator: " ").compactMap { CInt($0) }
        }
    }

    /// By the lines "State:\tZ (zombie)" and "NSpid:\t4711\t17" of /proc/PID/status: the last number is that in the innermost
    /// namespace, and 1 is the number of one that was born with its namespace.
    private static func isZombieOfCell(_ pid: CInt) -> Bool {
        guard let text = try? SmallFile.text(FilePath("/proc/\(pid)/status")) else { return false }
        func words(_ name: String) -> [Substring] {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
            return line?.dropFirst(name.count).split(whereSeparator: \.isWhitespace) ?? []
        }
        let numbers = words("NSpid:")
        return words("State:").first == "Z" && numbers.count > 1 && numbers.last != "1"
    }
}
