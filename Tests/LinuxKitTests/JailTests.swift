import Glibc
import LinuxKit
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot) struct JailTests {
    static let user: UInt32 = 64_321

    /// Runs a script in a jail on a scratch mount point, changed by `adjust`, which is given that directory's parent.
    static func jailed(
        _ script: String, _ adjust: (inout Jail, FilePath) throws -> Void = { _, _ in }
    ) async throws -> Ran {
        try await withScratchDirectory { scratch in
            let mountPoint = scratch.appending("root")
            try Directory.create(mountPoint)
            var jail = Jail(mountPoint: mountPoint, user: user, group: user)
            try adjust(&jail, scratch)
            let ran = try await run(
                try jail.plan(
                    running: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"]))
            #expect(try Directory.entries(mountPoint).isEmpty, "the host sees the jail's root")
            return ran
        }
    }

    /// What a hostile program tries first, and what it finds.
    @Test(
        "a jailed program sees only what its jail holds",
        arguments: [
            ("ls /", "bin dev etc lib lib64 proc sbin usr"),
            ("ls /etc", "ld.so.cache"),
            ("ls /dev", "null random urandom zero"),
            ("ls /root /home /var /tmp 2>/dev/null", ""),
            ("echo /proc/[0-9]*", "/proc/1"),  // the shell itself: no host process
            ("echo $$", "1"),
            ("id -u; id -g; id -G", "64321 64321 64321"),
            ("ls -d /proc/[a-z]*", "/proc/self /proc/thread-self"),  // no /proc/sys, kcore, keys, cmdline
            ("tail -n +3 /proc/self/net/dev | cut -d: -f1", "lo"),
            ("uname -n", "thaw"),
            ("grep -E '^Cap' /proc/self/status | cut -f2 | sort -u", "0000000000000000"),
            ("grep NoNewPrivs /proc/self/status | cut -f2", "1"),
            ("grep '^Groups' /proc/self/status | cut -f2", ""),
            ("ulimit -c", "0"),
            ("pwd", "/"),
            ("touch /x 2>&1 | grep -o 'Read-only'", "Read-only"),
            ("touch /usr/x 2>&1 | grep -o 'Read-only'", "Read-only"),
            ("touch /dev/x 2>&1 | grep -o 'Read-only'", "Read-only"),
            ("head -c 4 /dev/zero | wc -c; echo x > /dev/null && echo written", "4 written"),
            ("mount -t tmpfs x /dev 2>/dev/null || echo refused", "refused"),
            ("kill -9 2 3 4 -1 2>/dev/null; echo alive", "alive"),
            ("ls /proc/1/root/", "bin dev etc lib lib64 proc sbin usr"),
            ("wc -l < /proc/self/cgroup >/dev/null && echo readable", "readable"),
        ])
    func confinement(script: String, sees: String) async throws {
        let ran = try await Self.jailed(script)
        #expect(ran.lines.joined(separator: " ").trimmed == sees, "\(ran.output)")
    }

    @Test("a jail stands in the network namespace it is given")
    func network() async throws {
        let namespace = try NetworkNamespace.create()
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in try Tap.make(named: "tap7", index: 7) }
        let ran = try await Self.jailed("tail -n +3 /proc/self/net/dev | cut -d: -f1 | sort") { jail, _ in
            jail.network = namespace
        }
        #expect(ran.lines.map(\.trimmed) == ["lo", "tap7"])
    }

    @Test("binds are read-only unless they are writable, and may lie anywhere")
    func binds() async throws {
        let script = """
            cat /data/deep/file; (echo new > /data/deep/file) 2>/dev/null || echo refused
            echo kept > /out/result; ls /data; readlink /proc/self/exe >/dev/null; echo done
            """
        try await withScratchDirectory { shared in
            try DurableFile.write("content\n".utf8, to: shared.appending("file"))
            let out = shared.appending("out")
            try Directory.create(out, permissions: FilePermissions(rawValue: 0o755))
            try syscall { out.withPlatformString { chown($0, Self.user, Self.user) } }
            let ran = try await Self.jailed(script) { jail, _ in
                jail.binds = [
                    .init(shared.appending("file"), at: "/data/deep/file"), .init(out, at: "/out", isWritable: true),
                ]
            }
            #expect(ran.lines == ["content", "refused", "deep", "done"])
            #expect(try SmallFile.text(out.appending("result")) == "kept\n")
        }
    }

    @Test("limits come behind the last step with a descriptor, whose copies they could forbid")
    func limitsAreLate() throws {
        var jail = Jail(mountPoint: "/mnt", user: Self.user, group: Self.user)
        let namespace = try OwnedDescriptor.open("/proc/self/ns/user", .readOnly).shared()
        jail.reader = Jail.Reader(namespace: namespace, user: 993, group: 993)
        jail.limits = [.openFiles: 64, .coreFileBytes: 0]
        let steps = try jail.plan(running: "/bin/sh", arguments: ["sh"]).steps
        let entrance = try #require(steps.lastIndex { if case .enterNamespace = $0 { true } else { false } })
        let limit = try #require(steps.firstIndex { if case .limit = $0 { true } else { false } })
        #expect(entrance < limit)
    }

    @Test("a reader reads what is its own, whatever the modes say, and nothing of anybody else's")
    func reader() async throws {
        let owner: UInt32 = 1_900_100_123
        var plan = SpawnPlan(executable: "/bin/sleep", arguments: ["sleep", "600"])
        plan.namespaces = [.users]
        let holder = try await spawner.get().spawn(plan)
        for file in ["uid_map", "gid_map"] {
            try SmallFile.set(FilePath("/proc/\(holder.pid)/\(file)"), to: "993 \(owner) 1")
        }
        let script = """
            id -u; id -g; cat /data/own; cat /data/roots 2>/dev/null || echo refused; (echo new > /data/own) 2>/dev/null || echo kept
            grep -E '^Cap(Prm|Eff|Bnd|Amb)' /proc/self/status | cut -f2
            """
        try await withScratchDirectory { shared in
            for (name, user) in [("own", owner), ("roots", 0)] {
                let path = shared.appending(name)
                try DurableFile.write("\(name)\n".utf8, to: path, permissions: [])
                try syscall { path.withPlatformString { chown($0, user, user) } }
            }
            let ran = try await Self.jailed(script) { jail, _ in
                jail.binds = [.init(shared, at: "/data")]
                jail.reader = Jail.Reader(namespace: try holder.pidfd, user: 993, group: 993)
            }
            let readOnly = "0000000000000004"
            #expect(
                ran.lines == [
                    "993", "993", "own", "refused", "kept", readOnly, readOnly, "0000000000000000", readOnly,
                ],
                "\(ran.output)")
        }
        await holder.end()
    }

    @Test("a device is there only when it is named")
    func devices() async throws {
        let ran = try await Self.jailed("ls /dev; head -c1 /dev/full | wc -c") { jail, _ in
            jail.devices = ["/dev/null", "/dev/full"]
        }
        #expect(ran.lines == ["full", "null", "1"])
    }

    /// The host's node is root's alone, and the same device as /dev/full.
    @Test("a device of the jail's own opens for its user, whatever the host's node allows")
    func ownDevices() async throws {
        let script = """
            ls /dev; stat -c '%F %a %u %g %t:%T' /dev/full; head -c1 /dev/full | wc -c; touch /dev/x 2>&1 | grep -o 'Read-only'
            """
        let ran = try await Self.jailed(script) { jail, _ in
            jail.devices = ["/dev/null"]
            jail.ownDevices = ["/dev/full"]
        }
        #expect(
            ran.lines == ["full", "null", "character special file 600 64321 64321 1:7", "1", "Read-only"],
            "\(ran.output)")
    }

    @Test("what is no device gets no node", arguments: ["/usr", "/nonexistent/device"])
    func notADevice(path: String) {
        var jail = Jail(mountPoint: "/mnt", user: 1, group: 1)
        jail.ownDevices = [FilePath(path)]
        #expect(throws: SpawnError.self) { try jail.plan(running: "/bin/true", arguments: ["true"]) }
    }

    @Test("limits hold")
    func limits() async throws {
        let ran = try await Self.jailed("ulimit -n; ulimit -c; ulimit -f") { jail, _ in
            jail.limits = [.openFiles: 77, .coreFileBytes: 0, .fileBytes: 512 * 10]
        }
        #expect(ran.lines == ["77", "0", "10"])
    }

    @Test("a bind whose source is missing is refused before anything starts")
    func missingBind() throws {
        var jail = Jail(mountPoint: "/mnt", user: 1, group: 1)
        jail.binds = [.init("/nonexistent/file")]
        let failure = #expect(throws: SpawnError.self) { try jail.plan(running: "/bin/true", arguments: ["true"]) }
        #expect(failure?.errno == .noSuchFileOrDirectory)
        #expect("\(failure.map { "\($0)" } ?? "")".contains("/nonexistent/file"))
    }

    @Test("a mount point that is not there is named in the error")
    func missingMountPoint() throws {
        let plan = try Jail(mountPoint: "/nonexistent/root", user: 1, group: 1)
            .plan(running: "/bin/true", arguments: ["true"])
        let failure = #expect(throws: SpawnError.self) { _ = try plan.spawn() }
        #expect("\(failure.map { "\($0)" } ?? "")".contains("mount tmpfs on /nonexistent/root"))
    }

    @Test("everything in a jail dies with its first process")
    func processNamespace() async throws {
        try await withScratchDirectory { scratch in
            var jail = Jail(mountPoint: scratch, user: Self.user, group: Self.user)
            jail.hostName = "dies"
            // The background process holds the pipe's writing end.
            let (reader, writer) = try OwnedDescriptor.pipe().take { ($0.shared(), $1.relinquish()) }
            var plan = try jail.plan(running: "/bin/sh", arguments: ["sh", "-c", "sleep 600 & echo up; sleep 600"])
            plan.descriptors[1] = OwnedDescriptor(adopting: try syscall { fcntl(writer, F_DUPFD_CLOEXEC, 0) }).shared()
            let child = try await spawner.get().spawn(plan)
            plan.descriptors = [:]
            close(writer)
            let up = try await BlockingThread.run { () throws(Errno) in try reader.descriptor.read(upTo: 10) }
            #expect(up == Array("up\n".utf8))
            await child.end()
            let rest = try await BlockingThread.run { () throws(Errno) in
                try reader.descriptor.wait(for: .readable, atMost: .seconds(20)) ? try reader.descriptor.readAll() : [1]
            }
            #expect(rest.isEmpty)
        }
    }
}

extension String {
    var trimmed: String {
        String(drop(while: { $0 == " " }).reversed().drop(while: { $0 == " " }).reversed())
    }
}
