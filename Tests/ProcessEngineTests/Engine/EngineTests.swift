import Basics
import Glibc
import GuestProtocol
import LinuxKit
import ProcessEngine
import Sandboxes
import SlotNetwork
import Snapshots
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot, .serialized, .requiresFile("/usr/bin/cc", "install gcc"), .timeLimit(.minutes(5)))
struct EngineTests {
    @Test("a sandbox boots, serves, and is gone when it is destroyed")
    func boots() async throws {
        try await EngineFixture.with { fixture in
            let output = CollectedOutput()
            let sandbox = try await fixture.start("plain", output: output)
            #expect(sandbox.readyCall == .invocationNext)
            #expect(try await sandbox.ask("echo hello") == "hello")
            #expect(try await sandbox.ask("who") == "993 990 2")
            #expect(try await sandbox.ask("read handler") == "the code")
            #expect(try await sandbox.ask("print words") == "done")
            #expect(output.text.contains("initialised\n") && output.text.contains("words"))
            #expect(sandbox.isUsable)
            #expect(try await sandbox.memory().proportional > 100_000)
            await sandbox.destroy()
            await sandbox.destroy()
            await #expect(throws: SandboxError.self) { try await sandbox.ask("echo") }
        }
    }

    @Test("a sandbox that rests stands still, serves again, and ends like any other")
    func rests() async throws {
        try await EngineFixture.with { fixture in
            let sandbox = try await fixture.thaw(try await fixture.snapshot("threads"))
            sandbox.rest()
            for number in 0..<3 {
                #expect(try await sandbox.ask("echo \(number)") == "\(number)")
                sandbox.rest()
                sandbox.rest()
            }
            // One of its threads turns in circles.
            let process = try #require((sandbox as? ProcessSandbox)?.cell.tenant)
            let stat = FilePath("/proc/\(process.pid)/stat")
            func used() throws -> [Substring] { try Array(SmallFile.text(stat).split(separator: " ")[13...14]) }
            let pidfd = try process.pidfd
            func pass(_ time: Duration) async throws {
                _ = try await BlockingThread.run { () throws(Errno) in
                    try pidfd.descriptor.wait(for: .readable, atMost: time)
                }
            }
            var before = try used()
            for _ in 0..<100 {
                try await pass(.milliseconds(20))
                let now = try used()
                if now == before { break }
                before = now
            }
            try await pass(.milliseconds(100))
            #expect(try used() == before)
            await sandbox.destroy()
            await #expect(throws: SandboxError.self) { try await sandbox.ask("echo") }

            let idle = try await fixture.thaw(try await fixture.snapshot())
            _ = try await idle.ask("count")
            idle.rest()
            let killed = try #require((idle as? ProcessSandbox)?.cell.tenant)
            try killed.signal(SIGKILL)
            #expect(try await killed.wait(atMost: .seconds(20)) != nil)
            await idle.destroy()
        }
    }

    @Test("a frozen function is cloned as often as wanted, and no clone knows of another")
    func clones() async throws {
        try await EngineFixture.with { fixture in
            let snapshot = try await fixture.snapshot("threads")
            let first = try await fixture.thaw(snapshot)
            let second = try await fixture.thaw(snapshot)
            #expect(first.readyCall == .restoreNext)
            #expect(try await first.ask("count") == "1")
            #expect(try await first.ask("count") == "2")
            #expect(try await second.ask("count") == "1")
            #expect(try await first.ask("who") == second.ask("who"))
            #expect(try await first.ask("generation") != second.ask("generation"))
            #expect(try await first.ask("entropy") != second.ask("entropy"))
            #expect(try await first.ask("write /tmp/mine secret") == "done")
            #expect(try await second.ask("read /tmp/mine") == "No such file or directory")
            await first.destroy()
            #expect(try await second.ask("echo still") == "still")
            await second.destroy()
        }
    }

    @Test("many first requests at once are all answered, each by a clone of its own")
    func burst() async throws {
        try await EngineFixture.with { fixture in
            let snapshot = try await fixture.snapshot()
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let clone = try await fixture.thaw(snapshot)
                        let answer = try await clone.ask("count") + " " + clone.ask("echo \(number)")
                        await clone.destroy()
                        return answer
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(answers == Set((0..<40).map { "1 \($0)" }))
            #expect(try fixture.templateProcesses().count == 1)
        }
    }

    @Test("clones outlive their template, and the next one gets a new template")
    func templateDies() async throws {
        try await EngineFixture.with { fixture in
            let snapshot = try await fixture.snapshot()
            let survivor = try await fixture.thaw(snapshot)
            let template = try #require(try fixture.templateProcesses().first)
            kill(template, SIGKILL)
            #expect(try await survivor.ask("count") == "1")
            let next = try await fixture.thaw(snapshot)
            #expect(try await next.ask("count") == "1")
            #expect(try await survivor.ask("count") == "2")
            #expect(try fixture.templateProcesses().first != template)
            await survivor.destroy()
            await next.destroy()
        }
    }

    @Test("a template that is killed while it makes clones loses none of them")
    func templateDiesUnderLoad() async throws {
        try await EngineFixture.with { fixture in
            let snapshot = try await fixture.snapshot("threads")
            await (try fixture.thaw(snapshot)).destroy()
            let template = try #require(try fixture.templateProcesses().first)
            let served = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        if number == 5 { kill(template, SIGKILL) }
                        guard let clone = try? await fixture.thaw(snapshot) else { return false }
                        let answer = try? await clone.ask("count")
                        await clone.destroy()
                        return answer == "1"
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(served == 20)
        }
    }

    @Test("a clone that ends is not used again, and what waits for it hears how it ended")
    func cloneDies() async throws {
        try await EngineFixture.with { fixture in
            let snapshot = try await fixture.snapshot()
            let clone = try await fixture.thaw(snapshot)
            let failure = await #expect(throws: SandboxError.self) { try await clone.ask("exit 7") }
            #expect("\(failure.map { "\($0)" } ?? "")".contains("7"), "\(String(describing: failure))")
            #expect(!clone.isUsable)
            await clone.destroy()
            let slow = try await fixture.thaw(snapshot)
            let late = await #expect(throws: SandboxError.self) {
                try await slow.ask("hang", within: .milliseconds(100))
            }
            guard case .timedOut(.invocation, _) = late?.code else {
                Issue.record("\(String(describing: late))")
                return
            }
            await slow.destroy()
            let greedy = try await fixture.thaw(snapshot)
            let outOfMemory = await #expect(throws: SandboxError.self) { try await greedy.ask("touch 500") }
            guard case .runtimeExited(.outOfMemory, during: .invocation) = outOfMemory?.code else {
                Issue.record("\(String(describing: outOfMemory))")
                return
            }
            await greedy.destroy()
        }
    }

    @Test("what cannot be frozen is refused by name")
    func refusal() async throws {
        try await EngineFixture.with { fixture in
            for (mode, command, says) in [("refused", "echo", "inotify"), ("plain", "orphan", "goes on without it")] {
                let sandbox = try await fixture.start(mode)
                if mode == "plain" { #expect(try await sandbox.ask(command) == "done") }
                let staging = try fixture.store.stage()
                let failure = await #expect(throws: SandboxError.self) { _ = try await sandbox.freeze(into: staging) }
                #expect(failure?.code == .freezeRefused)
                #expect(failure?.message.contains(says) == true, "\(String(describing: failure))")
                staging.discard()
            }
            #expect(try fixture.clones().isEmpty)
        }
    }

    @Test(
        "a runtime that does not come through its init is an error that says why",
        arguments: [
            ("never", "initialization took longer"), ("stop", "exited(status: 3)"), ("fails", "during init"),
            ("missing", "notStarted(program: \"/nonexistent\", errno: 2)"),
            ("lost", "noWorkingDirectory(\"/nonexistent\", errno: 2)"),
        ])
    func initialization(mode: String, says: String) async throws {
        try await EngineFixture.with(readyCells: 1) { fixture in
            var specification = fixture.specification(mode)
            if mode == "missing" { specification.initialization.arguments = ["/nonexistent"] }
            if mode == "lost" { specification.initialization.workingDirectory = "/nonexistent" }
            let failure = await #expect(throws: SandboxError.self) {
                _ = try await fixture.engine.start(
                    specification, deadline: Deadline(in: mode == "never" ? .seconds(5) : .seconds(20)),
                    output: { _ in })
            }
            #expect("\(failure.map { "\($0)" } ?? "")".contains(says), "\(String(describing: failure))")
        }
    }

    @Test(
        "a clone whose hooks fail is destroyed",
        arguments: [
            ("hooks-hang", "restore took longer than 0.3 seconds"), ("hooks-fail", "during restore"),
            ("hooks-exit", "exited(status: 4)"),
        ])
    func hooks(mode: String, says: String) async throws {
        try await EngineFixture.with(readyCells: 1) { fixture in
            let snapshot = try await fixture.snapshot(mode)
            let failure = await #expect(throws: SandboxError.self) {
                _ = try await fixture.thaw(snapshot, within: mode == "hooks-hang" ? .milliseconds(300) : .seconds(20))
            }
            #expect("\(failure.map { "\($0)" } ?? "")".contains(says), "\(String(describing: failure))")
        }
    }

    @Test("clones that wait are woken by a claim, and one that has ended is passed over")
    func ready() async throws {
        try await EngineFixture.with { fixture in
            let snapshot = try await fixture.snapshot("threads")
            await fixture.engine.keepReady(2, of: snapshot)
            #expect(try fixture.clones().count == 2)
            let output = CollectedOutput()
            let first = try await fixture.thaw(snapshot, output: output)
            #expect(try await first.ask("count") == "1")
            #expect(try await first.ask("print heard") == "done")
            #expect(output.text.contains("heard") && !output.text.contains("initialised"))
            #expect(try await first.ask("generation") != "")
            let waiting = try #require(try fixture.clones().first { $0 != first.processID })
            try await Self.killAndWait(waiting)
            let second = try await fixture.thaw(snapshot)
            #expect(try await second.ask("count") == "1")
            await fixture.engine.keepReady(3, of: snapshot)
            await fixture.engine.keepReady(1, of: snapshot)
            #expect(try fixture.clones().count == 3)
            await fixture.engine.keepReady(0, of: snapshot)
            #expect(try fixture.clones().count == 2)
            #expect(try fixture.templateProcesses().count == 1)
            await fixture.engine.forget(snapshot.id)
            #expect(try fixture.templateProcesses().isEmpty)
            #expect(try await second.ask("count") == "2")
            await first.destroy()
            await second.destroy()
        }
    }

    /// Until all of it has ended; burying it is for the engine.
    private static func killAndWait(_ pid: CInt) async throws {
        kill(pid, SIGKILL)
        while let status = try? SmallFile.text(FilePath("/proc/\(pid)/status")) {
            if status.contains("\nState:\tZ"), status.contains("\nThreads:\t1\n") { return }
            await Task.yield()
        }
    }

    @Test("what a clone used is known, and clones that wait have it for themselves")
    func workingSet() async throws {
        try await EngineFixture.with { fixture in
            let snapshot = try await fixture.snapshot()
            let clone = try await fixture.thaw(snapshot)
            #expect(try await clone.ask("count") == "1")
            let set = try WorkingSet(of: clone.processID)
            #expect(zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
            #expect(set.ranges.allSatisfy { !$0.isEmpty && $0.lowerBound % 4096 == 0 && $0.upperBound % 4096 == 0 })
            let maps = try SmallFile.text(FilePath("/proc/\(clone.processID)/maps"))
            #expect(maps.contains("rw-p") && set.ranges.count > 2)
            await fixture.engine.keepReady(1, of: snapshot)
            let next = try await fixture.thaw(snapshot)
            #expect(try await next.ask("count") == "1")
            await clone.destroy()
            await next.destroy()
            #expect(throws: Errno.self) { _ = try WorkingSet(of: 0) }
        }
    }

    @Test("a runtime that knows no restores is cloned where it waits for an invocation")
    func invocationNext() async throws {
        try await EngineFixture.with { fixture in
            let snapshot = try await fixture.snapshot("plain snap")
            for prepared in [0, 1] {
                if prepared > 0 { await fixture.engine.keepReady(prepared, of: snapshot) }
                let clone = try await fixture.thaw(snapshot)
                #expect(clone.readyCall == .invocationNext)
                #expect(try await clone.ask("count") == "1")
                #expect(try await clone.ask("echo again") == "again")
                await clone.destroy()
            }
        }
    }

    @Test("what was in /tmp at the freeze is every clone's own, and /tmp is as large as it should be")
    func scratch() async throws {
        try await EngineFixture.with { fixture in
            for mode in ["scratch", ""] {
                let snapshot = try await fixture.snapshot(mode)
                let (first, second) = (try await fixture.thaw(snapshot), try await fixture.thaw(snapshot))
                if !mode.isEmpty {
                    let kept = try await first.ask("read /tmp/kept")
                    #expect(kept == "before")
                    #expect(try await first.ask("write /tmp/kept after") == "done")
                    #expect(try await first.ask("read /tmp/kept") == "after")
                    #expect(try await second.ask("read /tmp/kept") == "before")
                }
                let filled = try await second.ask("fill")
                #expect(["7 No space left on device", "8 No space left on device"].contains(filled), "\(filled)")
                await first.destroy()
                await second.destroy()
            }
        }
    }

    @Test("a clone can neither leave its sandbox nor look out of it")
    func confinement() async throws {
        try await EngineFixture.with { fixture in
            let snapshot = try await fixture.snapshot()
            let booted = try await fixture.start("plain")
            let clone = try await fixture.thaw(snapshot)
            for sandbox in [booted, clone] {
                let clone = sandbox
                for command in ["mount", "unshare", "ptrace", "packet", "kill 1"] {
                    #expect(try await clone.ask(command) == "Operation not permitted", "\(command)")
                }
                #expect(try await clone.ask("write /handler x") == "Read-only file system")
                #expect(try await clone.ask("write /dev/x x") == "Read-only file system")
                #expect(try await clone.ask("write /dev/null x") == "done")
                #expect(try await clone.ask("list /etc/passwd") == "-1")
                #expect(try await clone.ask("read /proc/1/root/etc/passwd") == "Permission denied")
                #expect(try await clone.ask("list /proc/3") == "-1")
                #expect(try await clone.ask("read /proc/sys/kernel/hostname") == "thaw\n")
                let status = try await clone.ask("read /proc/self/status")
                for line in [
                    "CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
                    "CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2",
                    "Uid:\t993\t993\t993\t993", "Gid:\t990\t990\t990\t990", "Umask:\t0022",
                ] {
                    #expect(status.contains(line + "\n"), "\(line) is not in \(status)")
                }
                let limits = try await clone.ask("read /proc/self/limits")
                let core = Substring("\(min(RuntimeLimit.coreFileBytes, ProcessLimit.coreFileBytes.own))")
                let row = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
                #expect(row?.split(separator: " ").suffix(3) == [core, core, "bytes"], "\(limits)")
                #expect(limits.contains("Max open files            1024                 1024"), "\(limits)")
            }
            // What differs would tell a function that it is a clone; nothing does.
            for file in ["limits", "cgroup", "oom_score_adj"] where file != "cgroup" {
                #expect(
                    try await booted.ask("read /proc/self/\(file)") == clone.ask("read /proc/self/\(file)"), "\(file)")
            }
            await booted.destroy()
            await clone.destroy()
        }
    }
}

extension Sandbox {
    /// The function's process, on the host.
    fileprivate var processID: CInt { (self as? ProcessSandbox)?.cell.tenant?.pid ?? -1 }
}
