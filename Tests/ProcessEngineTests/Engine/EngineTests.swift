import Glibc
import GuestProtocol
import LinuxKit
import Sandboxes
import Snapshots
import SystemPackage
import TestSupport
import Testing

@testable import ProcessEngine


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
}
