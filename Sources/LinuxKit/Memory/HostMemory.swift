package import SystemPackage

/// What processes here may still take before the kernel kills one of them: what the host has left (MemAvailable of proc(5)), or
/// what a cgroup above them has, whichever is less.
package struct HostMemory: Sendable, Hashable {
    /// In bytes: all that could ever be had, and what could be had now without swapping.
    package let total: UInt64
    package let available: UInt64

    package init(total: UInt64, available: UInt64) {
        self.total = total
        self.available = available
    }

    /// - Parameter bounds: cgroups whose limits count.
    /// - Throws: where /proc does not tell. A cgroup that does not is left out.
    package static func now(within bounds: [CgroupMemoryBound] = []) throws(Errno) -> HostMemory {
        let host = try HostMemory(meminfo: try SmallFile.text("/proc/meminfo"))
        return bounds.compactMap { $0.now() }.reduce(host) { least, bound in
            HostMemory(total: min(least.total, bound.total), available: min(least.available, bound.available))
        }
    }

    /// - Parameter text: lines `Name:   123 kB`.
    package init(meminfo text: String) throws(Errno) {
        let text = ProcText(Array(text.utf8))
        guard let total = text.memory("MemTotal"), let available = text.memory("MemAvailable") else { throw .noData }
        self.init(total: total, available: available)
    }
}

/// A cgroup that may set a limit to the memory of all that lies below.
package struct CgroupMemoryBound: Sendable, Hashable {
    let directory: FilePath
    let version: CgroupVersion

    package init(directory: FilePath, version: CgroupVersion) {
        self.directory = directory
        self.version = version
    }

    /// Nil where there is no limit, or none to be read.
    package func now() -> HostMemory? {
        let (limitFile, useFile) =
            version == .two ? ("memory.max", "memory.current") : ("memory.limit_in_bytes", "memory.usage_in_bytes")
        // "max" in version 2; version 1 has a number beyond all memory.
        guard let limit = number(limitFile), limit < 1 << 60, let used = number(useFile) else { return nil }
        let needed = used - min(used, reclaimable())
        return HostMemory(total: limit, available: limit - min(limit, needed))
    }

    /// What the kernel takes back before it kills, as it counts MemAvailable: half of what is in use may be needed soon.
    private func reclaimable() -> UInt64 {
        guard let text = try? SmallFile.text(directory.appending("memory.stat")) else { return 0 }
        let prefix = version == .two ? "" : "total_"
        var bytes: UInt64 = 0
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let value = UInt64(words[1]) else { continue }
            switch words[0] {
            case "\(prefix)inactive_file", "slab_reclaimable": bytes += value
            case "\(prefix)active_file": bytes += value / 2
            default: break
            }
        }
        return bytes
    }

    private func number(_ file: String) -> UInt64? {
        (try? SmallFile.text(directory.appending(file))).flatMap { UInt64($0.filter { $0 != "\n" }) }
    }
}

extension CgroupMemoryBound {
    /// The cgroups above ours and above this process, up to the top that can be seen here: in a container, the container's.
    /// - Parameter membership: which cgroups this process is in, as cgroups(7) has it: `0::/path` or `4:memory:/path`.
    package static func all(
        root: FilePath = "/sys/fs/cgroup", membership: FilePath = "/proc/self/cgroup"
    ) -> [CgroupMemoryBound] {
        guard let hierarchy = try? CgroupHierarchy.detect(root: root, membership: membership),
            let tree = hierarchy.memoryTree
        else { return [] }
        let version = hierarchy.version
        let top = version == .two ? root : root.appending("memory")
        let lines = ((try? SmallFile.text(membership)) ?? "").split(separator: "\n")
        let own = lines.lazy.compactMap { line -> FilePath? in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            let carriesMemory = version == .two ? parts[0] == "0" : parts[1].split(separator: ",").contains("memory")
            return carriesMemory ? top.pushing(FilePath(String(parts[2].drop { $0 == "/" }))) : nil
        }
        var directories: Set<FilePath> = []
        for place in [tree.removingLastComponent()] + own.prefix(1) {
            var place = place
            // A limit holds for all that lies below.
            while place.starts(with: top), directories.insert(place).inserted, place.removeLastComponent() {}
        }
        return directories.map { CgroupMemoryBound(directory: $0, version: version) }
    }
}
