import Glibc
import LinuxKit
import ProcessEngine
import Sandboxes
import Snapshots
import TestSupport
import Testing

/// How long templates live.
@Suite(.requiresRoot, .serialized, .requiresFile("/usr/bin/cc", "install gcc"), .timeLimit(.minutes(5)))
struct TemplateTests {
    @Test("a template stays for as long as a clone has its pages, and goes when there is no memory for it")
    func budget() async throws {
        try await EngineFixture.with(templateBytes: 1) { fixture in
            let (first, second) = (try await fixture.snapshot(), try await fixture.snapshot())
            let clones = [try await fixture.thaw(first), try await fixture.thaw(second), try await fixture.thaw(first)]
            let templates = try fixture.templateProcesses()
            #expect(templates.count == 2)
            for clone in clones { #expect(try await clone.ask("echo yes") == "yes") }
            await clones[1].destroy()
            try await Self.until { try fixture.templateProcesses().count == 1 }
            await clones[0].destroy()
            #expect(try fixture.templateProcesses().count == 1)
            await clones[2].destroy()
            try await Self.until { try fixture.templateProcesses().isEmpty }
            let again = try await fixture.thaw(first)
            #expect(try await again.ask("count") == "1")
            await again.destroy()
        }
    }

    @Test("more versions than memory is there for, all at once and over and over, are all served")
    func manyVersions() async throws {
        try await EngineFixture.with(templateBytes: 1) { fixture in
            var snapshots: [SnapshotLease] = []
            for _ in 0..<6 { snapshots.append(try await fixture.snapshot()) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<30 {
                    group.addTask { [snapshots] in
                        let clone = try await fixture.thaw(snapshots[number % snapshots.count])
                        let answer = try await clone.ask("count")
                        #expect(answer == "1")
                        await clone.destroy()
                    }
                }
                try await group.waitForAll()
            }
            try await Self.until { try fixture.templateProcesses().isEmpty }
        }
    }

    @Test("a snapshot that is forgotten leaves nothing, and its clones live on")
    func forgotten() async throws {
        try await EngineFixture.with { fixture in
            let snapshot = try await fixture.snapshot()
            let clone = try await fixture.thaw(snapshot)
            await fixture.engine.keepReady(2, of: snapshot)
            #expect(try fixture.clones().count == 3)
            try await fixture.store.remove(snapshot.id)
            await fixture.engine.forget(snapshot.id)
            #expect(try fixture.templateProcesses().isEmpty)
            #expect(try fixture.clones().count == 1)
            #expect(try await clone.ask("count") == "1")
            // One who comes late is served, and leaves nothing either.
            await fixture.engine.keepReady(1, of: snapshot)
            #expect(try fixture.clones().count == 1)
            let late = try await fixture.thaw(snapshot)
            #expect(try await late.ask("count") == "1")
            try await Self.until { try fixture.templateProcesses().isEmpty }
            await late.destroy()
            await clone.destroy()
        }
    }

    @Test("a template that is forgotten while a thaw needs it stays until that has ended")
    func forgottenInUse() async throws {
        try await EngineFixture.with(readyCells: 1) { fixture in
            let snapshot = try await fixture.snapshot("hooks-hang")
            let thaw = Task { try await fixture.thaw(snapshot, within: .seconds(2)) }
            try await Self.until { try fixture.clones().count == 1 }
            let templates = try fixture.templateProcesses()
            await fixture.engine.forget(snapshot.id)
            #expect(try fixture.templateProcesses() == templates && !templates.isEmpty)
            await #expect(throws: SandboxError.self) { _ = try await thaw.value }
            try await Self.until { try fixture.templateProcesses().isEmpty }
        }
    }

    @Test(
        "a template that does not answer is ended, and the call served by another one within its time",
        arguments: [0, 1])
    func stopped(parked: Int) async throws {
        try await EngineFixture.with { fixture in
            let snapshot = try await fixture.snapshot()
            let first = try await fixture.thaw(snapshot)
            let template = try #require(try fixture.templateProcesses().first)
            kill(template, SIGSTOP)
            if parked > 0 { await fixture.engine.keepReady(parked, of: snapshot) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let clone = try await fixture.thaw(snapshot, within: .seconds(10))
                        let answer = try await clone.ask("count")
                        #expect(answer == "1")
                        await clone.destroy()
                    }
                }
                try await group.waitForAll()
            }
            #expect(try !fixture.templateProcesses().contains(template))
            #expect(try await first.ask("count") == "1")
            await first.destroy()
        }
    }

    @Test("memory that is asked back comes from clones that wait, and from templates of which none lives")
    func shed() async throws {
        try await EngineFixture.with { fixture in
            let (used, unused) = (try await fixture.snapshot(), try await fixture.snapshot())
            let clone = try await fixture.thaw(used)
            for snapshot in [used, unused] { await fixture.engine.keepReady(1, of: snapshot) }
            #expect(try fixture.clones().count == 3 && fixture.templateProcesses().count == 2)
            #expect(await fixture.engine.shed(.readyClones, atLeast: 0) == 0)
            #expect(await fixture.engine.shed(.readyClones, atLeast: 1) > 0)
            #expect(try fixture.clones().count == 2)
            #expect(await fixture.engine.shed(.readyClones, atLeast: .max) > 0)
            #expect(try fixture.clones().count == 1 && fixture.templateProcesses().count == 2)
            #expect(await fixture.engine.shed(.idleTemplates, atLeast: .max) > 100_000)
            #expect(try fixture.templateProcesses().count == 1)
            #expect(await fixture.engine.shed(.idleTemplates, atLeast: .max) == 0)
            #expect(try await clone.ask("count") == "1")
            await clone.destroy()
            let next = try await fixture.thaw(unused)
            #expect(try await next.ask("count") == "1")
            await next.destroy()
        }
    }

    /// What nobody waits for comes soon; the suite's limit ends a wait in vain.
    private static func until(_ isSo: () throws -> Bool) async throws {
        while try !isSo() { await Task.yield() }
    }
}
