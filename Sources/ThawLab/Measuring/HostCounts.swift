import Foundation
import Glibc
import LinuxKit
import SystemPackage

/// How much there is on this host of what a server makes and must give back. Numbers as `Double`, as samples are.
package struct HostCounts: Sendable {
    /// Zombies too; without the kernel's own threads, which come and go as it likes.
    package var processes: Double
    package var descriptors: Double
    /// In all mount namespaces that have a process.
    package var mounts: Double
    /// Mount, network, pid, ipc, uts and user namespaces that have a process.
    package var namespaces: Double
    var cgroups: Double
    /// As the kernel counts them, those that are removed and not yet free included.
    var cgroupsInKernel: Double
    /// Megabytes.
    package var available: Double
    package var used: Double
    var kernel: Double
    package var resident: Double

    package static func read() throws -> HostCounts {
        let memory = try MemoryCounts.read()
        let processes = try processIDs()
        let (namespaces, mounts) = namespacesAndMounts(of: processes)
        return HostCounts(
            processes: Double(processes.count), descriptors: Double(try descriptors()),
            mounts: Double(mounts), namespaces: Double(namespaces), cgroups: Double(countCgroups()),
            cgroupsInKernel: Double(countCgroupsInKernel()), available: Double(memory.available) / 1e6,
            used: Double(memory.total - memory.available) / 1e6, kernel: Double(memory.unreclaimable) / 1e6,
            resident: try resident())
    }

    /// A reading that the next one, a moment later, agrees with: what ends in the background has ended.
    static func settled() async throws -> HostCounts {
        var last = try read()
        for _ in 0..<100 {
            try await Task.sleep(for: .milliseconds(100))
            let next = try read()
            if next.isAsMany(as: last) { return next }
            last = next
        }
        return last
    }

    private func isAsMany(as other: HostCounts) -> Bool {
        processes == other.processes && descriptors == other.descriptors && mounts == other.mounts
            && namespaces == other.namespaces && cgroups == other.cgroups
    }

    /// Descriptors that this process has open.
    package static func descriptors() throws -> Int { try Directory.entries("/proc/self/fd").count }

    /// Threads of all processes.
    package static func threads() throws -> Int {
        // "0.10 0.20 0.30 2/345 6789": running and all.
        let fields = try SmallFile.text("/proc/loadavg").split(separator: " ")
        let all = fields.dropFirst(3).first?.split(separator: "/").last.flatMap { Int($0) }
        return all ?? 0
    }

    /// What the kernel allows of them.
    package static func maximumThreads() throws -> Int {
        try ["/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max"]
            .compactMap { Int(try SmallFile.text(FilePath($0)).filter(\.isNumber)) }.min() ?? .max
    }

    private static func processIDs() throws -> [String] {
        try Directory.entries("/proc").filter { $0.utf8.allSatisfy { (48...57).contains($0) } && !isKernelThread($0) }
    }

    /// Those are 2, kthreadd, and its children.
    private static func isKernelThread(_ process: String) -> Bool {
        guard let stat = try? SmallFile.text(FilePath("/proc/\(process)/stat")), let name = stat.lastIndex(of: ")")
        else { return true }
        let parent = stat[stat.index(after: name)...].split(separator: " ").dropFirst().first
        return parent == "2" || process == "2"
    }

    /// Processes end while this looks at them: then they do not count.
    private static func namespacesAndMounts(of processes: [String]) -> (namespaces: Int, mounts: Int) {
        var seen: Set<String> = []
        var mounts = 0
        for process in processes {
            for kind in ["mnt", "net", "pid", "ipc", "uts", "user"] {
                let link = "/proc/\(process)/ns/\(kind)"
                guard let name = try? FileManager.default.destinationOfSymbolicLink(atPath: link),
                    seen.insert(name).inserted, kind == "mnt"
                else { continue }
                let table = try? SmallFile.bytes(FilePath("/proc/\(process)/mountinfo"), limit: 16 << 20)
                mounts += table?.count { $0 == UInt8(ascii: "\n") } ?? 0
            }
        }
        return (seen.count, mounts)
    }

    /// Directories below /sys/fs/cgroup: one a cgroup, in version 1 one for each hierarchy.
    private static func countCgroups() -> Int {
        func count(_ directory: FilePath) -> Int {
            let entries = (try? Directory.entries(directory)) ?? []
            return entries.map { directory.appending($0) }.filter { FileStatus.isDirectory($0) }
                .reduce(0) { $0 + 1 + count($1) }
        }
        return count("/sys/fs/cgroup")
    }

    /// `#subsys_name hierarchy num_cgroups enabled` a line.
    private static func countCgroupsInKernel() -> Int {
        let lines = ((try? SmallFile.text("/proc/cgroups")) ?? "").split(separator: "\n")
        return lines.compactMap { line in
            line.hasPrefix("#") ? nil : line.split(separator: "\t").dropFirst(2).first.flatMap { Int($0) }
        }.max() ?? 0
    }

    /// This process's resident memory, in megabytes.
    static func resident() throws -> Double {
        let fields = try SmallFile.text("/proc/self/statm").split(separator: " ")
        return Double((fields.dropFirst().first.flatMap { Int($0) } ?? 0) * sysconf(CInt(_SC_PAGESIZE))) / 1e6
    }
}
