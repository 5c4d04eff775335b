import LinuxKit
import SystemPackage
import TestSupport
import Testing

@Suite struct HostMemoryTests {
    @Test("the host's memory is what /proc tells")
    func meminfo() throws {
        let memory = try HostMemory(meminfo: "MemTotal:  2048 kB\nMemFree: 1 kB\nMemAvailable:   1024 kB\n")
        #expect(memory == HostMemory(total: 2 << 20, available: 1 << 20))
        #expect(throws: Errno.noData) { try HostMemory(meminfo: "MemTotal: many kB\n") }
        let here = try HostMemory.now(within: CgroupMemoryBound.all())
        #expect(here.available > 0)
        #expect(here.available <= here.total)
    }

    @Test("a cgroup's limit counts where it is less, and what the kernel can take back is available")
    func bounds() throws {
        try withScratchDirectory { directory in
            let second = try group(
                directory.appending("second"),
                [
                    "memory.max": "1000\n", "memory.current": "900\n",
                    "memory.stat": "inactive_file 300\nactive_file 200\n",
                ])
            #expect(
                CgroupMemoryBound(directory: second, version: .two).now() == HostMemory(total: 1000, available: 500))
            let first = try group(
                directory.appending("first"),
                [
                    "memory.limit_in_bytes": "1000\n", "memory.usage_in_bytes": "1200\n",
                    "memory.stat": "inactive_file 7\ntotal_inactive_file 100\n",
                ])
            let full = CgroupMemoryBound(directory: first, version: .one)
            #expect(full.now() == HostMemory(total: 1000, available: 0))
            #expect(try HostMemory.now(within: [full]) == HostMemory(total: 1000, available: 0))
            let free = try group(directory.appending("free"), ["memory.max": "max\n", "memory.current": "1\n"])
            let missing = directory.appending("missing")
            for place in [free, missing] { #expect(CgroupMemoryBound(directory: place, version: .two).now() == nil) }
        }
    }

    @Test("limits are looked for above our cgroups and above this process")
    func places() throws {
        try withScratchDirectory { root in
            try write(["cgroup.controllers": "cpu memory pids\n"], to: root)
            let membership = root.appending("membership")
            try write(["membership": "0::/system.slice/thaw.service\n"], to: root)
            let bounds = CgroupMemoryBound.all(root: root, membership: membership)
            let places = [root, root.appending("system.slice"), root.appending("system.slice/thaw.service")]
            #expect(Set(bounds) == Set(places.map { CgroupMemoryBound(directory: $0, version: .two) }))
        }
    }

    private func group(_ directory: FilePath, _ files: [String: String]) throws -> FilePath {
        try Directory.create(directory)
        try write(files, to: directory)
        return directory
    }

    private func write(_ files: [String: String], to directory: FilePath) throws {
        for (name, text) in files { try DurableFile.write(Array(text.utf8), to: directory.appending(name)) }
    }
}
