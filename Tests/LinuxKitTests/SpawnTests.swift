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
            precondition(left.isEmpty, "\(left)")
            let zombie = try ZombieReaper.next()
            precondition(zombie == nil)
        }
    }

    @Test("a child's end is seen: its signal, its memory, its time; again whenever asked")
    func exits() async throws {
        let child = try await spawner.get().spawn(SpawnPlan(executable: "/bin/sleep", arguments: ["sleep", "600"]))
        #expect(try child.poll() == nil)
        #expect(try await child.wait(atMost: .milliseconds(1)) == nil)
        try child.signal(SIGTERM)
        let exit = try #require(try await child.wait(atMost: .seconds(20)))
        #expect(exit.reason == .killed(signal: SIGTERM, dumpedCore: false))
        #expect(exit.pid == child.pid)
        #expect(exit.peakResidentBytes > 100_000)
        #expect(try child.poll() == exit)
        #expect(await child.end() == exit)
        #expect(throws: Errno.noSuchProcess) { try child.signal(SIGTERM) }
    }

    @Test("a child nobody holds any more is killed")
    func dropped() async throws {
        let alive: DescriptorPair = try OwnedDescriptor.pipe()
        let (reader, writer) = alive.take { ($0.shared(), $1.relinquish()) }
        var pid: CInt = 0
        do {
            var plan = SpawnPlan(executable: "/bin/sleep", arguments: ["sleep", "600"])
            plan.descriptors[1] = SharedDescriptor(
                OwnedDescriptor(adopting: try syscall { fcntl(writer, F_DUPFD_CLOEXEC, 0) }))
            let child = try await spawner.get().spawn(plan)
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
}
