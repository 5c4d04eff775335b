import Glibc
import LinuxKit
import SystemPackage
import TestSupport
import Testing

/// A directory tree that looks like a version 2 mount: what is written can be read back.
private func fakeVersion2(_ root: FilePath, controllers: String) throws {
    try DurableFile.write(controllers.utf8, to: root.appending("cgroup.controllers"))
    try DurableFile.write([], to: root.appending("cgroup.subtree_control"))
    try Directory.create(root.appending("thaw"))
    try DurableFile.write([], to: root.appending("thaw/cgroup.subtree_control"))
}

private func fakeCgroup(_ directory: FilePath, files: [String]) throws {
    try Directory.create(directory, existingIsFine: true)
    for file in files { try DurableFile.write([], to: directory.appending(file)) }
}

@Suite struct CgroupFileTests {
    static let limits = CgroupLimits(
        memoryBytes: 1 << 29, memoryMark: 1 << 28, cpuQuota: 0.5, cpuWeight: 50, processes: 64)

    @Test("version 2 delegates its controllers and writes its limits")
    func version2() throws {
        try withScratchDirectory { root in
            try fakeVersion2(root, controllers: "cpuset cpu io memory hugetlb pids rdma\n")
            let directory = root.appending("thaw/thaw-1")
            let files = [
                "memory.max", "memory.oom.group", "memory.high", "cpu.max", "cpu.weight", "pids.max", "cgroup.procs",
            ]
            try fakeCgroup(directory, files: files)
            let hierarchy = try CgroupHierarchy.detect(root: root)
            #expect(hierarchy.version == .two && hierarchy.missing.isEmpty)
            let cgroup = try hierarchy.create("thaw-1", limits: Self.limits)
            #expect(cgroup.directories == [directory])
            let expected = ["536870912", "1", "268435456", "50000 100000", "50", "64", ""]
            #expect(try files.map { try SmallFile.text(directory.appending($0)) } == expected)
            #expect(try SmallFile.text(root.appending("cgroup.subtree_control")) == "+cpu +memory +pids")
            #expect(try SmallFile.text(root.appending("thaw/cgroup.subtree_control")) == "+cpu +memory +pids")
        }
    }

    @Test(
        "in version 2 a server arranges the part that it was given, and else what lies at the top",
        arguments: [
            ("0::/system.slice/thaw.service\n", "trusted.delegate", "system.slice/thaw.service/thaw"),
            // It has moved there when it passed its controllers on.
            ("0::/system.slice/thaw.service/thaw-server\n", "trusted.delegate", "system.slice/thaw.service/thaw"),
            ("12:pids:/x\n0::/system.slice/thaw.service\n", "trusted.delegate", "system.slice/thaw.service/thaw"),
            ("0::/system.slice/thaw.service\n", "trusted.other", "thaw"),
            ("0::/user.slice\n", "trusted.delegate", "thaw"),
            ("0::/\n", "trusted.delegate", "thaw"), ("0::/../elsewhere\n", "trusted.delegate", "thaw"),
            ("", "user.delegate", "thaw"),
        ])
    func delegation(membership: String, attribute: String, place: String) throws {
        try withScratchDirectory { root in
            try fakeVersion2(root, controllers: "cpu memory pids\n")
            for directory in ["user.slice", "system.slice", "system.slice/thaw.service"] {
                try Directory.create(root.appending(directory))
            }
            let service = root.appending("system.slice/thaw.service")
            try fakeVersion2(service, controllers: "cpu memory pids\n")
            try Directory.create(service.appending("thaw-server"))
            _ = try SpawnPlan(
                executable: "/usr/bin/python3",
                arguments: [
                    "python3", "-c", "import os, sys; os.setxattr(*sys.argv[1:3], b'1')", service.string, attribute,
                ]
            ).spawn().waitBlocking()
            try DurableFile.write(membership.utf8, to: root.appending("membership"))
            let hierarchy = try CgroupHierarchy.detect(root: root, membership: root.appending("membership"))
            #expect(try hierarchy.create("a").directories == [root.appending(place).appending("a")])
            // Started in the other way, it finds what it has left.
            try Directory.create(root.appending("thaw/b-1"), existingIsFine: true)
            #expect(try hierarchy.sweep(prefix: "b-") == ["b-1"])
        }
    }

    @Test("version 1 writes each limit to its controller's tree")
    func version1() throws {
        try withScratchDirectory { root in
            let files = [
                "cpu": ["cpu.cfs_period_us", "cpu.cfs_quota_us", "cpu.shares"],
                "memory": ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"],
                "pids": ["pids.max"],
            ]
            for (controller, names) in files {
                try fakeCgroup(root.appending(controller), files: ["cgroup.procs"])
                try Directory.create(root.appending(controller).appending("thaw"))
                try fakeCgroup(root.appending(controller).appending("thaw/thaw-1"), files: names)
            }
            let hierarchy = try CgroupHierarchy.detect(root: root)
            #expect(hierarchy.version == .one && hierarchy.missing == [.freezer])
            _ = try hierarchy.create("thaw-1", limits: Self.limits)
            let read = { (file: String) in try SmallFile.text(root.appending(file)) }
            #expect(try read("cpu/thaw/thaw-1/cpu.cfs_period_us") == "100000")
            #expect(try read("cpu/thaw/thaw-1/cpu.cfs_quota_us") == "50000")
            #expect(try read("cpu/thaw/thaw-1/cpu.shares") == "512")
            #expect(try read("memory/thaw/thaw-1/memory.limit_in_bytes") == "536870912")
            #expect(try read("memory/thaw/thaw-1/memory.memsw.limit_in_bytes") == "536870912")
            #expect(try read("pids/thaw/thaw-1/pids.max") == "64")
        }
    }

    @Test(
        "a CPU quota is a time in each 100 ms, kept within what the kernel takes",
        arguments: [
            (0.5, "50000 100000"), (2, "200000 100000"), (0, "1000 100000"), (-3, "1000 100000"),
            (.nan, "1000 100000"), (.infinity, "10000000000 100000"),
        ])
    func quota(processors: Double, file: String) throws {
        try withScratchDirectory { root in
            try fakeVersion2(root, controllers: "cpu memory pids")
            try fakeCgroup(root.appending("thaw/thaw-1"), files: ["cpu.max"])
            _ = try CgroupHierarchy(version2: root).create("thaw-1", limits: CgroupLimits(cpuQuota: processors))
            #expect(try SmallFile.text(root.appending("thaw/thaw-1/cpu.max")) == file)
        }
    }

    @Test("a limit whose controller is missing is refused by name", arguments: ["cpu memory", "cpu pids", ""])
    func missingController(controllers: String) throws {
        try withScratchDirectory { root in
            try fakeVersion2(root, controllers: controllers)
            let failure = #expect(throws: CgroupError.self) {
                try CgroupHierarchy(version2: root).create("thaw-1", limits: Self.limits)
            }
            #expect([.unavailable, .refused].contains(failure?.code))
            #expect(!FileStatus.exists(root.appending("thaw/thaw-1")), "a half-made cgroup stays")
        }
    }

    @Test("a host without cgroups is refused with what to do")
    func none() throws {
        try withScratchDirectory { root in
            let failure = #expect(throws: CgroupError.self) { try CgroupHierarchy.detect(root: root) }
            #expect(failure?.code == .unavailable)
            #expect("\(failure.map { "\($0)" } ?? "")".contains("mount -t cgroup2"))
        }
    }

    @Test("names that leave the directory are refused", arguments: ["", ".", "..", "a/b", "/a", ".hidden"])
    func names(name: String) throws {
        try withScratchDirectory { root in
            try fakeVersion2(root, controllers: "cpu memory pids")
            #expect(throws: CgroupError.self) { try CgroupHierarchy(version2: root).create(name) }
        }
    }

    @Test("memory is added up over the cgroups of one prefix")
    func memoryOfPrefix() throws {
        try withScratchDirectory { root in
            try fakeVersion2(root, controllers: "cpu memory pids")
            let hierarchy = try CgroupHierarchy(version2: root)
            #expect(hierarchy.memoryBytes(prefix: "a-") == 0)
            for (name, bytes) in [("a-1", "4096\n"), ("a-2", "8192\n"), ("b-1", "1\n"), ("a-3", "gone")] {
                let directory = root.appending("thaw").appending(name)
                try fakeCgroup(directory, files: [])
                try DurableFile.write(bytes.utf8, to: directory.appending("memory.current"))
            }
            #expect(hierarchy.memoryBytes(prefix: "a-") == 12_288)
            #expect(hierarchy.memoryBytes(prefix: "c-") == 0)
        }
    }

    @Test("the numbers of version 2 are read")
    func reading() throws {
        try withScratchDirectory { root in
            try fakeVersion2(root, controllers: "cpu memory pids")
            let directory = root.appending("thaw/thaw-1")
            try fakeCgroup(directory, files: [])
            let cgroup = try CgroupHierarchy(version2: root).create("thaw-1")
            #expect(cgroup.peakMemoryBytes() == nil)  // a kernel that does not say
            try DurableFile.write("12345\n".utf8, to: directory.appending("memory.peak"))
            let events = directory.appending("memory.events")
            try DurableFile.write("low 0\noom 1\noom_kill 4\noom_group_kill 1\n".utf8, to: events)
            #expect(cgroup.memoryKills() == 1)
            try DurableFile.write("low 0\noom 1\noom_kill 3\noom_group_kill 0\n".utf8, to: events)
            try DurableFile.write("77\n9\n".utf8, to: directory.appending("cgroup.procs"))
            #expect(cgroup.peakMemoryBytes() == 12345)
            #expect(cgroup.memoryKills() == 3)
            #expect(try cgroup.members() == [9, 77])
        }
    }
}

/// This machine's own cgroups, whichever version they are.
@Suite(.requiresRoot) struct CgroupKernelTests {
    static func name() -> String { "test-" + String(UInt64.random(in: .min ... .max), radix: 16) }

    static func remove(_ cgroup: Cgroup, _ hierarchy: CgroupHierarchy) {
        try? cgroup.remove()
        hierarchy.removeIfEmpty()
    }

    /// Version 2 is often mounted beside version 1, without controllers; membership and killing work there all the same.
    static let hierarchies: [CgroupHierarchy] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].compactMap {
        try? CgroupHierarchy.detect(root: $0)
    }

    @Test(
        "a child is born inside its cgroup; removing the cgroup ends it and everything it started",
        arguments: hierarchies)
    func membership(hierarchy: CgroupHierarchy) async throws {
        let limits =
            hierarchy.missing.contains(.memory)
            ? CgroupLimits() : CgroupLimits(memoryBytes: 64 << 20, cpuQuota: 1, cpuWeight: 100, processes: 20)
        let cgroup = try hierarchy.create(Self.name(), limits: limits)
        defer { Self.remove(cgroup, hierarchy) }
        let (reader, writer) = try OwnedDescriptor.pipe().take { ($0.shared(), $1.shared()) }
        var plan = SpawnTests.shell("sleep 600 & sleep 600 & echo up; wait")
        plan.cgroup = cgroup
        plan.descriptors[1] = writer
        let child = try await spawner.get().spawn(plan)
        _ = try await BlockingThread.run { () throws(Errno) in try reader.descriptor.read(upTo: 10) }
        #expect(try cgroup.members().count == 3)
        #expect(try cgroup.members().contains(child.pid))
        if !hierarchy.missing.contains(.memory) {
            #expect(try #require(cgroup.memoryBytes()) > 0)
            #expect(try #require(cgroup.peakMemoryBytes()) > 0)
        }
        try await BlockingThread.run { () throws(CgroupError) in try cgroup.remove() }
        #expect(try await child.wait(atMost: .seconds(5))?.reason == .killed(signal: SIGKILL, dumpedCore: false))
        #expect(cgroup.directories.allSatisfy { !FileStatus.exists($0) })
        try cgroup.remove()  // gone already, and that is fine
    }

    @Test("what is frozen uses no processor until it is let go, and can be removed", arguments: hierarchies)
    func freezer(hierarchy: CgroupHierarchy) async throws {
        let cgroup = try hierarchy.create(Self.name())
        defer { Self.remove(cgroup, hierarchy) }
        var plan = SpawnTests.shell("read line; echo \"heard $line\"; while :; do :; done")
        plan.cgroup = cgroup
        let words = try OwnedDescriptor.pipe().take { ($0.shared(), $1.shared()) }
        let output = try OwnedDescriptor.pipe().take { ($0.shared(), $1.shared()) }
        plan.descriptors[0] = words.0
        plan.descriptors[1] = output.1
        let child = try await spawner.get().spawn(plan)
        let freezer = try #require(try cgroup.openFreezer())
        try freezer.freeze()
        try words.1.descriptor.writeAll("word\n".utf8)
        #expect(try output.0.descriptor.wait(for: .readable, atMost: .milliseconds(200)) == false)
        try freezer.thaw()
        let heard = try await BlockingThread.run { () throws(Errno) in try output.0.descriptor.read(upTo: 20) }
        #expect(String(decoding: heard, as: UTF8.self) == "heard word\n")
        // It turns in circles now. What it has used stays the same between two looks of which the first finds it frozen.
        try freezer.freeze()
        let stat = FilePath("/proc/\(child.pid)/stat")
        func used() throws -> [Substring] { try Array(SmallFile.text(stat).split(separator: " ")[13...14]) }
        var before = try used()
        for _ in 0..<100 {
            _ = try output.0.descriptor.wait(for: .readable, atMost: .milliseconds(20))
            let now = try used()
            if now == before { break }
            before = now
        }
        _ = try output.0.descriptor.wait(for: .readable, atMost: .milliseconds(100))
        #expect(try used() == before)
        try await BlockingThread.run { () throws(CgroupError) in try cgroup.remove() }
        #expect(try await child.wait(atMost: .seconds(5))?.reason == .killed(signal: SIGKILL, dumpedCore: false))
    }

    @Test("the number of processes is bounded")
    func processLimit() async throws {
        let hierarchy = try CgroupHierarchy.detect()
        let cgroup = try hierarchy.create(Self.name(), limits: CgroupLimits(processes: 3))
        defer { Self.remove(cgroup, hierarchy) }
        var plan = SpawnTests.shell("for i in 1 2 3 4 5 6; do sleep 600 & done; echo made them all")
        plan.cgroup = cgroup
        let ran = try await run(plan)
        #expect(!ran.output.contains("made them all"))
    }

    @Test("memory is bounded, and the kill is counted")
    func memoryLimit() async throws {
        let hierarchy = try CgroupHierarchy.detect()
        let cgroup = try hierarchy.create(Self.name(), limits: CgroupLimits(memoryBytes: 20 << 20))
        defer { Self.remove(cgroup, hierarchy) }
        var plan = SpawnPlan(executable: "/usr/bin/tail", arguments: ["tail", "-c", "200M", "/dev/zero"])
        plan.cgroup = cgroup
        let ran = try await run(plan)
        #expect(ran.exit.reason == .killed(signal: SIGKILL, dumpedCore: false))
        #expect(cgroup.memoryKills() == 1)
        #expect(try #require(cgroup.peakMemoryBytes()) <= 20 << 20)
    }

    @Test("a bell rings when memory goes past a mark, and not before")
    func memoryBell() async throws {
        let hierarchy = try CgroupHierarchy.detect()
        let cgroup = try hierarchy.create(Self.name(), limits: CgroupLimits(memoryBytes: 400 << 20))
        defer { Self.remove(cgroup, hierarchy) }
        let bell = try CgroupMemoryBell(hierarchy.version)
        let tie = try bell.tie(to: cgroup)
        try await BlockingThread.run { () throws(CgroupError) in try bell.setMark(100 << 20, of: cgroup) }
        // Nobody reads what the second one has at its end: it waits.
        let (first, second) = ("head -c 8M /dev/zero | tail -c 8M", "head -c 200M /dev/zero | tail -c 200M")
        var plan = SpawnTests.shell("\(first) >/dev/null; echo below; read line; \(second)")
        plan.cgroup = cgroup
        let words = try OwnedDescriptor.pipe().take { ($0.shared(), $1.shared()) }
        let output = try OwnedDescriptor.pipe().take { ($0.shared(), $1.shared()) }
        plan.descriptors[0] = words.0
        plan.descriptors[1] = output.1
        // It ends when nobody holds it any more.
        let child = try await spawner.get().spawn(plan)
        let heard = try await BlockingThread.run { () throws(Errno) in try output.0.descriptor.read(upTo: 20) }
        #expect(String(decoding: heard, as: UTF8.self) == "below\n")
        #expect(try bell.descriptor.descriptor.wait(for: .readable, atMost: .zero) == false)
        try words.1.descriptor.writeAll("go\n".utf8)
        #expect(
            try await BlockingThread.run { () throws(Errno) in
                try bell.descriptor.descriptor.wait(for: .readable, atMost: .seconds(60))
            })
        #expect(bell.heard().map { $0 == [cgroup.name] } ?? (hierarchy.version == .one))
        #expect(try #require(cgroup.unreclaimableBytes()).anonymous > 50 << 20)
        bell.untie(tie)
        try await BlockingThread.run { () throws(CgroupError) in try cgroup.remove() }
        #expect(try await child.wait(atMost: .seconds(5))?.reason == .killed(signal: SIGKILL, dumpedCore: false))
    }

    @Test("a sweep ends and removes what has its prefix, and nothing else")
    func sweep() async throws {
        let hierarchy = try CgroupHierarchy.detect()
        let prefix = Self.name()
        let dead = try hierarchy.create(prefix + "-dead")
        let other = try hierarchy.create("other-" + prefix)
        defer { Self.remove(other, hierarchy) }
        var plan = SpawnPlan(executable: "/bin/sleep", arguments: ["sleep", "600"])
        plan.cgroup = dead
        let child = try await spawner.get().spawn(plan)
        let names = try await BlockingThread.run { () throws(CgroupError) in try hierarchy.sweep(prefix: prefix) }
        #expect(names == [prefix + "-dead"])
        #expect(try await child.wait(atMost: .seconds(5)) != nil)
        #expect(other.directories.allSatisfy { FileStatus.exists($0) })
    }
}
