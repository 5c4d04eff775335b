import LinuxKit
import Sandboxes

/// What a function may use of the host: the part of a cell that depends on the function.
package struct CellLimits: Sendable, Hashable {
    /// Processes and threads, as on AWS.
    private static let processes = 1024

    var memoryMegabytes: Int
    /// Of /tmp.
    var scratchBytes: UInt64

    package init(memoryMegabytes: Int, scratchBytes: UInt64) {
        self.memoryMegabytes = memoryMegabytes
        self.scratchBytes = scratchBytes
    }

    /// /tmp lies in memory here, so the cgroup may use as much as memory and /tmp together: a function that fills its /tmp has
    /// not run out of memory.
    var cgroupLimits: CgroupLimits {
        CgroupLimits(
            memoryBytes: UInt64(memoryMegabytes) << 20 + scratchBytes,
            cpuQuota: Double(ProcessorShare.processors(forMegabytes: memoryMegabytes)),
            cpuWeight: ProcessorShare.weight(forMegabytes: memoryMegabytes),
            processes: Self.processes)
    }
}
