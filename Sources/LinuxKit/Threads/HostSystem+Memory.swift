package import SystemPackage

extension HostSystem {
    /// How much memory this process may use: the host's, or what the cgroups it is in allow, whichever is least. Blocks for a moment.
    package static func memoryBytes() -> UInt64 {
        let meminfo = (try? SmallFile.text("/proc/meminfo")) ?? ""
        let groups = (try? SmallFile.text("/proc/self/cgroup")) ?? ""
        return memoryBytes(meminfo: meminfo, groups: groups) { try? SmallFile.text($0) }
    }

    /// - Parameters:
    ///   - meminfo: `/proc/meminfo`.
    ///   - groups: `/proc/self/cgroup` of cgroups(7): `0::/path`, or `4:memory:/path`.
    ///   - text: the content of a cgroup's file, if there is one.
    package static func memoryBytes(meminfo: String, groups: String, text: (FilePath) -> String?) -> UInt64 {
        let line = meminfo.split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
        var least = (line?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) } ?? 0) << 10
        for group in groups.split(separator: "\n") {
            let parts = group.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isSecond = parts[0] == "0" && parts[1].isEmpty
            guard isSecond || parts[1].split(separator: ",").contains("memory") else { continue }
            let (tree, file): (FilePath, String) =
                isSecond ? ("/sys/fs/cgroup", "memory.max") : ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            var place = tree.pushing(FilePath(String(parts[2].drop { $0 == "/" })))
            // A limit holds for all below it; "max" is none.
            while place.starts(with: tree) {
                let limit = text(place.appending(file)).flatMap { UInt64($0.prefix { $0.isNumber }) }
                if let limit { least = min(least, limit) }
                guard place.removeLastComponent() else { break }
            }
        }
        return least
    }
}
