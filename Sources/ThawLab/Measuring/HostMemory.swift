import LinuxKit
import SystemPackage

/// The host's memory as /proc/meminfo tells it, in bytes.
package struct HostMemory: Sendable {
    package var total: Int64
    package var available: Int64
    /// Kernel memory that nothing can take back: where forgotten namespaces, mounts and cgroups show.
    package var unreclaimable: Int64
    /// Neither free, nor cache, nor a process's: the kernel's own, pages that its devices hold included. What other processes
    /// take meanwhile does not count.
    package var kernel: Int64

    static func read() throws -> HostMemory { HostMemory(meminfo: try SmallFile.text("/proc/meminfo")) }

    package init(meminfo: String) {
        func value(_ key: String) -> Int64 {
            let line = meminfo.split(separator: "\n").first { $0.hasPrefix("\(key):") }
            let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap { Int64($0) }
            return (kilobytes ?? 0) << 10
        }
        total = value("MemTotal")
        available = value("MemAvailable")
        unreclaimable = value("SUnreclaim")
        kernel = ["MemFree", "Buffers", "Cached", "AnonPages"].reduce(total) { $0 - value($1) }
    }
}
