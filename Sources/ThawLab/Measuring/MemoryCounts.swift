import LinuxKit
import SystemPackage

/// The host's memory as /proc/meminfo tells it, in bytes.
package struct MemoryCounts: Sendable {
    package var total: Int64
    package var available: Int64
    /// Kernel memory that nothing can take back: where forgotten namespaces, mounts and cgroups show.
    package var unreclaimable: Int64
    /// Neither free, nor cache, nor a process's: the kernel's own, pages that its devices hold included. What other processes
    /// take meanwhile does not count.
    package var kernel: Int64

    static func read() throws -> MemoryCounts { MemoryCounts(meminfo: try SmallFile.text("/proc/meminfo")) }

    package init(meminfo: String) {
        let text = ProcText(Array(meminfo.utf8))
        func value(_ key: String) -> Int64 { Int64(clamping: text.memory(key) ?? 0) }
        total = value("MemTotal")
        available = value("MemAvailable")
        unreclaimable = value("SUnreclaim")
        kernel = ["MemFree", "Buffers", "Cached", "AnonPages"].reduce(total) { $0 - value($1) }
    }
}
