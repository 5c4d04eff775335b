import LinuxKit
import SystemPackage
import Testing

@Suite struct HostMemoryTests {
    private static let meminfo = "MemTotal:        1000 kB\nMemFree:          500 kB\n"

    @Test(
        "a process may use what the host has, or the least that a cgroup above it allows",
        arguments: [
            ("0::/\n", [:], 1_024_000),
            ("0::/a/b\n", ["/sys/fs/cgroup/a/memory.max": "4096\n", "/sys/fs/cgroup/a/b/memory.max": "max\n"], 4096),
            ("0::/a\n", ["/sys/fs/cgroup/a/memory.max": "9223372036854771712\n"], 1_024_000),
            (
                "5:cpu:/x\n4:cpuset,memory:/a\n0::/b\n",
                ["/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "8192\n", "/sys/fs/cgroup/x/memory.max": "1\n"], 8192
            ),
            ("4:memory:/\n", ["/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"], 1_024_000),
            ("0::/a\n", ["/sys/fs/cgroup/memory.max": "2048\n"], 2048),
            ("0::/a\n", ["/sys/fs/cgroup/a/memory.max": "nonsense\n", "/memory.max": "1\n"], 1_024_000),
            ("", [:], 1_024_000), ("nonsense", [:], 1_024_000), ("0::", [:], 1_024_000),
        ] as [(String, [String: String], UInt64)])
    func bytes(groups: String, files: [String: String], expected: UInt64) {
        #expect(
            HostSystem.memoryBytes(meminfo: Self.meminfo, groups: groups) { files[$0.string] } == expected)
    }

    @Test("this process has a limit, too")
    func here() { #expect(HostSystem.memoryBytes() > 1 << 20) }
}
