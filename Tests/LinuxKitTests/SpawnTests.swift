import Glibc
import LinuxKit
import SystemPackage
import TestSupport
import Testing

@Suite struct SpawnTests {
    static func shell(_ script: String) -> SpawnPlan {
        SpawnPlan(executable: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"])
    }

    @Test("a child gets its arguments, its environment and its exit status through")
    func argumentsAndEnvironment() async throws {
        var plan = SpawnPlan(
            executable: "/bin/sh", arguments: ["sh", "-c", "echo $0 $1 $GREETING; exit 7", "zero", "one two"])
        plan.environment = ["GREETING": "hällo=1"]
        let ran = try await run(plan)
        #expect(ran.output == "zero one two hällo=1\n")
        #expect(ran.exit.reason == .exited(status: 7))
    }

    @Test("a child holds the descriptors it is given, /dev/null for the rest of 0 to 2, and no others")
    func descriptors() async throws {
        let first = try OwnedDescriptor.memoryFile(named: "first").shared()
        let second = try OwnedDescriptor.memoryFile(named: "second").shared()
        // Not close-on-exec: only the map keeps it out.
        let leaky = OwnedDescriptor(adopting: try syscall { open("/etc/passwd", O_RDONLY) })
        var plan = SpawnPlan(executable: "/bin/ls", arguments: ["ls", "-l", "/proc/self/fd"])
        plan.descriptors = [5: first, 40: second]
        let ran = try await run(plan)
        leaky.withRaw { _ in }
        // "lrwx------ 1 root root 64 Nov 23 08:00 40 -> /memfd:second (deleted)"
        let held = ran.lines.filter { $0.contains(" -> ") }.map { $0.split(separator: " ").dropFirst(8) }
            .map { $0.joined(separator: " ") }
        #expect(held.count == 6, "\(ran.output)")
        #expect(held.contains { $0.hasPrefix("3 -> /proc/") }, "ls's own, of the directory it lists")
        #expect(
            held.filter { !$0.hasPrefix("3 ") } == [
                "0 -> /dev/null", "1 -> /memfd:output (deleted)", "2 -> /memfd:output (deleted)",
                "40 -> /memfd:second (deleted)", "5 -> /memfd:first (deleted)",
            ])
    }

    @Test("a child gets a few or many of a process's thousands of descriptors", arguments: [1, 60])
    func descriptorsFromACrowd(count: Int) async throws {
        try OpenFileLimit.raise()
        let crowd = try (0..<2_000).map { _ in try OwnedDescriptor.open("/dev/null", .readOnly).shared() }
        let late = try OwnedDescriptor.memoryFile(named: "late").shared()
        var plan = Self.shell("readlink /proc/self/fd/100; ls /proc/self/fd | wc -l")
        for number in 100..<CInt(100 + count) { plan.descriptors[number] = late }
        // And 0 to 2, and the one that ls itself has open.
        #expect(try await run(plan).lines == ["/memfd:late (deleted)", "\(count + 4)"])
        withExtendedLifetime(crowd) {}
    }

    @Test("the first alternative that is a file is executed where there is none at the first place")
    func alternatives() async throws {
        try await withScratchDirectory { directory in
            let other = directory.appending("other")
            var plan = SpawnPlan(executable: directory.appending("absent"), arguments: ["zero"])
            plan.alternatives = [directory.appending("absent2"), other]
            #expect(failure(of: plan)?.errno == .noSuchFileOrDirectory)
            if case .search? = failure(of: plan)?.stage {
            } else {
                Issue.record("it does not say that neither is there")
            }
            // There, but nothing that can be executed: the kernel's reason, and which of the two it was.
            // Closed again: a file that somebody can write to is not executed.
            _ = try OwnedDescriptor.open(other, .writeOnly, options: [.create], permissions: [.ownerReadWriteExecute])
            #expect(failure(of: plan)?.errno == .execFormatError)
            #expect(failure(of: plan)?.executable == other)
            if case .execution? = failure(of: plan)?.stage {
            } else {
                Issue.record("it does not say that one was there")
            }
            plan.alternatives = [directory.appending("absent2"), "/bin/sh", other]
            plan.arguments = [plan.executable.string, "-c", "echo $0"]
            #expect(try await run(plan).output == "/bin/sh\n")
            // A name that was not the place's stays.
            plan.arguments[0] = "zero"
            #expect(try await run(plan).output == "zero\n")
        }
    }

    private func failure(of plan: SpawnPlan) -> SpawnError? {
        do throws(SpawnError) { _ = try plan.spawn() } catch { return error }
        return nil
    }

    @Test("descriptors may trade numbers")
    func swappedDescriptors() async throws {
        let a = try OwnedDescriptor.memoryFile(named: "a").shared()
        let b = try OwnedDescriptor.memoryFile(named: "b").shared()
        let (numberOfA, numberOfB) = (a.withRaw { $0 }, b.withRaw { $0 })
        var plan = Self.shell("readlink /proc/self/fd/\(numberOfA); readlink /proc/self/fd/\(numberOfB)")
        plan.descriptors = [numberOfA: b, numberOfB: a]
        #expect(try await run(plan).lines == ["/memfd:b (deleted)", "/memfd:a (deleted)"])
    }

    @Test("a child starts with default signal dispositions and nothing blocked, whatever its parent does")
    func signals() async throws {
        signal(SIGPIPE, SIG_IGN)
        let ran = try await run(Self.shell("grep -E '^Sig(Blk|Ign)' /proc/self/status"))
        #expect(ran.lines == ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"])
    }

    @Test(
        "what cannot be started is an error that names the stage, and leaves no process",
        arguments: [
            ("/nonexistent/program", [SpawnStep](), "executing it failed"),
            ("/etc/passwd", [], "executing it failed"),  // not executable
            ("/usr", [], "executing it failed"),  // a directory
            ("/bin/true", [.changeDirectory("/nonexistent")], "change directory to /nonexistent failed"),
            ("/bin/true", [.newSession, .hostName(String(repeating: "x", count: 65))], "set host name"),
            ("/bin/true", [.limit(.openFiles, .max)], "limit openFiles"),  // above the kernel's own maximum
            ("/bin/true", [.makeFile("/")], "make file / failed"),
            (
                "/bin/true", [.identity(user: 1, group: 1, supplementary: Array(repeating: 1, count: 33))],
                "become user 1"
            ),
        ])
    func failures(executable: String, steps: [SpawnStep], says: String) async throws {
        var plan = SpawnPlan(executable: FilePath(executable), arguments: [executable])
        plan.steps = steps
        let failure = await #expect(throws: SpawnError.self) { _ = try await run(plan) }
        #expect("\(failure.map { "\($0)" } ?? "")".contains(says), "\(String(describing: failure))")
    }

    @Test("a step that fails leaves nothing to wait for and no descriptor open")
    func failureLeaksNothing() async throws {
        await #expect(processExitsWith: .success) {
            let left = try await leakedDescriptors {
                var plan = SpawnPlan(executable: "/bin/true", arguments: ["true"])
                plan.steps = [.changeDirectory("/nonexistent")]
                for _ in 0..<50 { _ = try? plan.spawn() }
                let child = try SpawnPlan(executable: "/bin/true", arguments: ["true"]).spawn()
                _ = try child.waitBlocking()
            }
            #expect(left == [])
            let zombie = try ZombieReaper.next()
            #expect(zombie == nil)
        }
    }

    @Test(
        "a child's end is seen: its signal, its memory, its time; again whenever asked",
        arguments: ["by its descriptor", "by its number"])
    func exits(held: String) async throws {
        let child = try await spawner.get().spawn(SpawnPlan(executable: "/bin/sleep", arguments: ["sleep", "600"]))
        if held == "by its number" { child.releaseDescriptor() }
        #expect(try child.poll() == nil)
        #expect(try await child.wait(atMost: .milliseconds(1)) == nil)
        try child.setOutOfMemoryScore(700)
        #expect(try SmallFile.text(FilePath("/proc/\(child.pid)/oom_score_adj")) == "700\n")
        try child.signal(SIGTERM)
        let exit = try #require(try await child.wait(atMost: .seconds(20)))
        #expect(exit.reason == .killed(signal: SIGTERM, dumpedCore: false))
        #expect(exit.pid == child.pid)
        #expect(exit.peakResidentBytes > 100_000)
        #expect(try child.poll() == exit)
        #expect(await child.end() == exit)
        #expect(throws: Errno.noSuchProcess) { try child.signal(SIGTERM) }
    }

    @Test("a child nobody holds any more is killed", arguments: ["by its descriptor", "by its number"])
    func dropped(held: String) async throws {
        let alive: DescriptorPair = try OwnedDescriptor.pipe()
        let (reader, writer) = alive.take { ($0.shared(), $1.relinquish()) }
        var pid: CInt = 0
        do {
            var plan = SpawnPlan(executable: "/bin/sleep", arguments: ["sleep", "600"])
            plan.descriptors[1] = SharedDescriptor(
                OwnedDescriptor(adopting: try syscall { fcntl(writer, F_DUPFD_CLOEXEC, 0) }))
            let child = try await spawner.get().spawn(plan)
            if held == "by its number" { child.releaseDescriptor() }
            pid = child.pid
        }
        close(writer)
        // The pipe ends when the child, its last writer, is gone.
        let end = try await BlockingThread.run { () throws(Errno) in
            try reader.descriptor.wait(for: .readable, atMost: .seconds(20))
        }
        #expect(end, "child \(pid) lives")
    }

    @Test("many children from many tasks all end well")
    func concurrent() async throws {
        let statuses = try await withThrowingTaskGroup(of: CInt?.self) { group in
            for number in 0..<40 {
                group.addTask { try await run(Self.shell("exit \(number)")).status }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(statuses == Set((0..<40).map { CInt($0) }))
    }

    @Test("a child dies with the thread that spawned it, if it asked to", .requiresRoot)
    func parentDeath() async throws {
        await #expect(processExitsWith: .success) {
            var plan = SpawnPlan(executable: "/bin/sleep", arguments: ["sleep", "600"])
            plan.namespaces = [.processes]
            plan.steps = [.identity(user: 65534, group: 65534, supplementary: []), .parentDeathSignal(SIGKILL)]
            let doomed = plan
            // The thread ends right after the spawn.
            let child = try PosixThread.runAndWait { () throws(SpawnError) in try doomed.spawn() }.get()
            let exit = try child.waitBlocking(atMost: .seconds(20))
            precondition(exit?.reason == .killed(signal: SIGKILL, dumpedCore: false), "\(String(describing: exit))")
            // A spawner's thread outlives the call, and its children with it.
            var held: Spawner? = try Spawner()
            guard let kept = try await held?.spawn(plan) else { preconditionFailure() }
            let early = try await kept.wait(atMost: .milliseconds(200))
            precondition(early == nil, "\(String(describing: early))")
            held = nil
            let late = try await kept.wait(atMost: .seconds(20))
            precondition(late?.reason == .killed(signal: SIGKILL, dumpedCore: false), "\(String(describing: late))")
        }
    }

    @Test("an open file is executed whatever is at its path, and its descriptor is not the child's")
    func byDescriptor() async throws {
        try await withScratchDirectory { scratch in
            let program = try OwnedDescriptor.open("/bin/sh", .readOnly).shared()
            var plan = SpawnPlan(
                executable: "/nonexistent/sh", arguments: ["sh", "-c", "ls /proc/$$/fd; echo $0", "named"],
                environment: ["PATH": "/usr/bin:/bin"])
            plan.program = program
            // The program's own number is wanted for something else.
            plan.descriptors[program.withRaw { $0 }] = try OwnedDescriptor.memoryFile(named: "other").shared()
            let number = program.withRaw { "\($0)" }
            let ran = try await run(plan)
            #expect(Set(ran.lines) == ["0", "1", "2", number, "named"], "\(ran.output)")
        }
    }
}

/// What a sandbox of the process engine is started with.
@Suite(.requiresRoot) struct SpawnPlaceTests {
    /// A process 1 that owns its user, pid, IPC and host name namespaces, and the network it was born in.
    private static func holder(network: SharedDescriptor) async throws -> ChildProcess {
        var plan = SpawnPlan(executable: "/bin/sleep", arguments: ["sleep", "600"])
        plan.namespaces = [.users, .processes, .ipc, .hostName]
        plan.birthplace = Birthplace(network: network)
        plan.steps = [.hostName("inside"), .parentDeathSignal(SIGKILL)]
        let holder = try await spawner.get().spawn(plan)
        try SmallFile.set(FilePath("/proc/\(holder.pid)/uid_map"), to: "993 1900100000 1")
        try SmallFile.set(FilePath("/proc/\(holder.pid)/gid_map"), to: "990 1900100000 1")
        return holder
    }

    private static func link(_ path: FilePath) throws -> String { try #require(FileStatus.symlinkContent(path)).string }

    @Test("a child is born in another's pid namespace and network, and takes an identity of its user namespace")
    func birthplace() async throws {
        let network = try NetworkNamespace.create()
        let holder = try await Self.holder(network: network)
        let pidfd = try holder.pidfd
        let homes = try await spawner.get().homes()
        let script = """
            echo $$; id -u; id -g; id -G; uname -n; grep -c : /proc/net/dev; grep -E '^(CapEff|NoNewPrivs)' /proc/self/status
            for kind in pid user net uts ipc; do readlink /proc/self/ns/$kind; done
            """
        var plan = SpawnTests.shell(script)
        plan.namespaces = [.mount]
        plan.birthplace = Birthplace(processes: pidfd)
        plan.steps = [
            .enterNamespace(pidfd, [.network, .ipc, .hostName]),
            .mount(source: "none", target: "/", type: "", flags: [.private, .recursive], data: ""),
            .mount(source: "proc", target: "/proc", type: "proc", flags: [], data: ""),
            .enterNamespace(pidfd, .users), .dropBoundingSet, .noNewPrivileges,
            .identity(user: 993, group: 990, supplementary: []),
        ]
        let ran = try await run(plan)
        var expected = ["2", "993", "990", "990", "inside", "1", "NoNewPrivs:\t1", "CapEff:\t0000000000000000"]
        expected.sort()
        #expect(Array(ran.lines.prefix(8)).sorted() == expected, "\(ran.output)")
        let namespaces = try ["pid", "user", "net", "uts", "ipc"].map {
            try Self.link(FilePath("/proc/\(holder.pid)/ns/\($0)"))
        }
        #expect(Array(ran.lines.suffix(5)) == namespaces)
        // The thread that spawned them is where it was.
        #expect(try await spawner.get().homes() == homes)
        #expect(await holder.end()?.reason == .killed(signal: SIGKILL, dumpedCore: false))
    }

    private static func users(_ pid: CInt) throws -> String {
        let text = try SmallFile.text(FilePath("/proc/\(pid)/status"))
        return String(try #require(text.split(separator: "\n").first { $0.hasPrefix("Uid:") }))
    }

    @Test("a user namespace is its owner's, who process 1 is, and the spawning thread is itself again")
    func owner() async throws {
        let owner: UInt32 = 1_900_100_001
        let before = try await run(SpawnTests.shell("id -u; grep CapEff /proc/self/status"))
        var plan = SpawnPlan(executable: "/bin/sleep", arguments: ["sleep", "600"])
        plan.namespaces = [.users, .processes]
        plan.owner = owner
        plan.steps = [
            .setting("/proc/sys/user/max_inotify_instances", "3"), .setting("/proc/sys/user/no_such_setting", "3"),
            .parentDeathSignal(SIGKILL),
        ]
        let holder = try await spawner.get().spawn(plan)
        #expect(try Self.users(holder.pid) == "Uid:" + String(repeating: "\t\(owner)", count: 4))
        try SmallFile.set(FilePath("/proc/\(holder.pid)/uid_map"), to: "993 1900100000 1")
        var inside = SpawnTests.shell("cat /proc/sys/user/max_inotify_instances; id -u")
        inside.steps = [.enterNamespace(try holder.pidfd, .users)]
        #expect(try await run(inside).lines == ["3", "65534"])
        let after = try await run(SpawnTests.shell("id -u; grep CapEff /proc/self/status"))
        #expect(after.lines == before.lines)
        #expect(await holder.end()?.reason == .killed(signal: SIGKILL, dumpedCore: false))
    }

    @Test("who owns its namespaces dies with the thread that spawned it, too")
    func ownerParentDeath() async throws {
        await #expect(processExitsWith: .success) {
            var plan = SpawnPlan(executable: "/bin/sleep", arguments: ["sleep", "600"])
            plan.namespaces = [.users, .processes]
            plan.owner = 1_900_100_001
            plan.steps = [.parentDeathSignal(SIGKILL)]
            let doomed = plan
            let child = try PosixThread.runAndWait { () throws(SpawnError) in try doomed.spawn() }.get()
            let exit = try child.waitBlocking(atMost: .seconds(20))
            precondition(exit?.reason == .killed(signal: SIGKILL, dumpedCore: false), "\(String(describing: exit))")
        }
    }

    @Test("who cannot be born where it should is not born at all, and the spawning thread comes home")
    func refused() async throws {
        let homes = try await spawner.get().homes()
        let file = try OwnedDescriptor.memoryFile(named: "no namespace").shared()
        for birthplace in [Birthplace(network: file), Birthplace(processes: file)] {
            var plan = SpawnTests.shell("true")
            plan.birthplace = birthplace
            let failure = await #expect(throws: SpawnError.self) { _ = try await run(plan) }
            #expect(failure?.errno == .invalidArgument)
        }
        #expect(try await spawner.get().homes() == homes)
        #expect(try await run(SpawnTests.shell("exit 3")).status == 3)
    }

    @Test("a filter holds for the program")
    func filter() async throws {
        // BPF_LD|BPF_W|BPF_ABS of the call's number; JEQ SYS_chdir: EPERM, else ALLOW. chdir is 80 on x86-64, 49 on arm64.
        #if arch(x86_64)
        let chdir: UInt32 = 80
        #else
        let chdir: UInt32 = 49
        #endif
        var filter: [UInt8] = []
        for (code, yes, no, value) in [
            (0x20, 0, 0, 0), (0x15, 0, 1, chdir), (0x06, 0, 0, 0x0005_0001), (0x06, 0, 0, 0x7FFF_0000),
        ] as [(UInt16, UInt8, UInt8, UInt32)] {
            withUnsafeBytes(of: code.littleEndian) { filter += $0 }
            filter += [yes, no]
            withUnsafeBytes(of: value.littleEndian) { filter += $0 }
        }
        var plan = SpawnTests.shell("cd / 2>/dev/null || echo refused")
        plan.steps = [.noNewPrivileges, .systemCallFilter(filter)]
        #expect(try await run(plan).lines == ["refused"])
        plan.steps = [.systemCallFilter([])]
        await #expect(throws: SpawnError.self) { _ = try await run(plan) }
    }
}

extension Spawner {
    /// The namespaces its thread is in, by way of a child.
    fileprivate func homes() async throws -> [String] {
        try await run(SpawnTests.shell("readlink /proc/self/ns/net /proc/self/ns/pid")).lines
    }
}
