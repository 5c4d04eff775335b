import GuestProtocol
import LinuxKit
import ProcessEngine
import Sandboxes
import Snapshots
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot, .serialized, .requiresFile("/usr/bin/cc", "install gcc"), .timeLimit(.minutes(5)))
struct SeedTests {
    /// Starts until it is from a seed; the build of one takes some hundred milliseconds.
    private static func startSeeded(
        _ fixture: EngineFixture, _ mode: String, memory: Int = EngineFixture.megabytes
    ) async throws -> any Sandbox {
        while true {
            let sandbox = try await fixture.start(
                fixture.specification(mode, memory: memory, seed: EngineFixture.seed))
            if try await sandbox.ask("seeded") == "1" { return sandbox }
            await sandbox.destroy()
        }
    }

    @Test("a function starts by itself until its seed has been built, and from the seed then")
    func builds() async throws {
        try await EngineFixture.with { fixture in
            let first = try await fixture.start(fixture.specification("plain", seed: EngineFixture.seed))
            #expect(try await first.ask("seeded") == "0")
            let second = try await Self.startSeeded(fixture, "plain")
            #expect(second.readyCall == .invocationNext)
            #expect(try await second.ask("count") == "1")
            #expect(try await second.ask("read handler") == "the code")
            #expect(try await second.ask("who") == first.ask("who"))
            #expect(try await second.ask("write /tmp/x y") == "done")
            // A seed is of one memory size.
            let other = try await fixture.start(fixture.specification("plain", memory: 256, seed: EngineFixture.seed))
            #expect(try await other.ask("seeded") == "0")
            for sandbox in [first, second, other] { await sandbox.destroy() }
        }
    }

    @Test("a snapshot of a function from a seed has what both share once, and its clones serve")
    func freezes() async throws {
        try await EngineFixture.with { fixture in
            await (try await Self.startSeeded(fixture, "plain")).destroy()
            let snapshot = try await fixture.snapshot(
                of: try await fixture.start(fixture.specification("threads", seed: EngineFixture.seed)))
            let names = snapshot.manifest.files.map(\.name)
            #expect(names.contains("base"), "\(names)")
            #expect(try FileStatus.of(snapshot.path("base")).links > 1)
            for _ in 0..<2 {
                let clone = try await fixture.thaw(snapshot)
                #expect(try await clone.ask("count") == "1")
                #expect(try await clone.ask("seeded") == "1")
                #expect(try await clone.ask("read handler") == "the code")
                await clone.destroy()
            }
        }
    }

    @Test("a seed is found again by the next server, and a damaged one is built anew")
    func survives() async throws {
        try await withScratchDirectory { directory in
            try await EngineFixture.with(in: directory) { fixture in
                await (try await Self.startSeeded(fixture, "plain")).destroy()
            }
            let seeds = directory.appending("sandboxes/seeds")
            let kept = try Directory.entries(seeds).filter { !$0.hasPrefix(".") }
            #expect(kept.count == 1)
            try await EngineFixture.with(in: directory) { fixture in
                await (try await Self.startSeeded(fixture, "plain")).destroy()
            }
            #expect(try Directory.entries(seeds).filter { !$0.hasPrefix(".") } == kept)
            let file = seeds.appending(kept[0]).appending("state")
            try OwnedDescriptor.open(file, .writeOnly).writeAll([0xFF])
            try await EngineFixture.with(in: directory) { fixture in
                await (try await Self.startSeeded(fixture, "plain")).destroy()
            }
            let after = try Directory.entries(seeds).filter { !$0.hasPrefix(".") }
            #expect(after.count == 1 && after != kept)
        }
    }

    @Test(
        "a function that sets what counts at the start of a process starts by itself, always",
        arguments: [["LANG": "C", "LD_PRELOAD": "x"], ["LANG": "de_DE"], [:]])
    func differences(environment: [String: String]) async throws {
        try await EngineFixture.with { fixture in
            await (try await Self.startSeeded(fixture, "plain")).destroy()
            let sandbox = try await fixture.start(
                fixture.specification("plain", environment: environment, seed: EngineFixture.seed))
            #expect(try await sandbox.ask("seeded") == "0")
            await sandbox.destroy()
        }
    }

    @Test("an init that fails in a seed's clone is the function's failure")
    func initFails() async throws {
        try await EngineFixture.with { fixture in
            await (try await Self.startSeeded(fixture, "plain")).destroy()
            let failure = await #expect(throws: SandboxError.self) {
                _ = try await fixture.start(fixture.specification("fails", seed: EngineFixture.seed))
            }
            guard case .initializationFailed = failure?.code else {
                Issue.record("\(String(describing: failure))")
                return
            }
        }
    }

    @Test("without seeds nothing is built")
    func switchedOff() async throws {
        try await EngineFixture.with(usesSeeds: false) { fixture in
            for _ in 0..<2 {
                let sandbox = try await fixture.start(fixture.specification("plain", seed: EngineFixture.seed))
                #expect(try await sandbox.ask("seeded") == "0")
                await sandbox.destroy()
            }
            #expect(!FileStatus.exists(fixture.directory.appending("sandboxes/seeds")))
        }
    }

    @Test(
        "the variables that differ are named",
        arguments: [
            (["A": "1", "B": "2"], ["A": "1", "B": "3"], ["A"], []),
            (["A": "1", "B": "2"], ["A": "1", "B": "3"], ["B"], ["B"]),
            (["LC_ALL": "C"], [:], ["LC_*"], ["LC_ALL"]),
            ([:], ["LC_ALL": "C"], ["LC_*"], ["LC_ALL"]),
            (["LC": "x"], [:], ["LC_*"], []),
            (["A": ""], [:], ["*"], ["A"]),
            (["A": "1"], [:], [], []),
        ] as [([String: String], [String: String], [String], [String])])
    func named(seed: [String: String], own: [String: String], patterns: [String], expected: [String]) {
        let recipe = SeedRecipe(arguments: [], environment: seed, startVariables: patterns)
        #expect(recipe.differences(from: own.map { EnvironmentVariable($0.key, $0.value) }) == expected)
    }
}
