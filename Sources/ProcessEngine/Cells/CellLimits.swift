import LinuxKit
import Sandboxes
import SystemPackage

/// What a function may use of the host: the part of a cell that depends on the function.
package struct CellLimits: Sendable, Hashable {
    /// Processes and threads, as on AWS.
    private static let processes = 1024

    /// Of a sandbox's user namespace, the same on every host, where the host's own are not lower: no namespaces inside, and as many
    /// instances and watches of inotify(7) as the kernel gives a user where memory is scarce.
    static let settings: [SpawnStep] = [
        .setting("/proc/sys/user/max_user_namespaces", "0"),
        .setting("/proc/sys/user/max_inotify_instances", "128"),
        .setting("/proc/sys/user/max_inotify_watches", "8192"),
    ]

    var memoryMegabytes: Int
    /// Of /tmp.
    var scratchBytes: UInt64

    package init(memoryMegabytes: Int, scratchBytes: UInt64) {
        self.memoryMegabytes = memoryMegabytes
        self.scratchBytes = scratchBytes
    }

    var memoryBytes: UInt64 { UInt64(memoryMegabytes) << 20 }

    /// /tmp lies in memory here, so the cgroup may use as much as memory and /tmp together: a function that fills its /tmp has
    /// not run out of memory. Whether it has, ``CellMemory`` finds out.
    var cgroupLimits: CgroupLimits {
        CgroupLimits(
            memoryBytes: memoryBytes + scratchBytes, memoryMark: memoryBytes,
            cpuQuota: Double(ProcessorShare.processors(forMegabytes: memoryMegabytes)),
            cpuWeight: ProcessorShare.weight(forMegabytes: memoryMegabytes),
            processes: Self.processes)
    }
}
