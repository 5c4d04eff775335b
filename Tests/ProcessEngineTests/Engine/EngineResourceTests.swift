import GuestProtocol
import LinuxKit
import ProcessEngine
import Sandboxes
import SlotNetwork
import SystemPackage
import TestSupport
import Testing

/// What the engine takes of the host, and what it leaves.
@Suite(.requiresRoot, .serialized, .requiresFile("/usr/bin/cc", "install gcc"), .timeLimit(.minutes(5)))
struct EngineResourceTests {
    @Test("memory beyond the function's ends it, whatever room its /tmp has; files in /tmp do not")
    func memoryApart() async throws {
        try await EngineFixture.with { fixture in
            let room = fixture.directory.appending("room.ext4")
            try OwnedDescriptor.open(room, .readWrite, options: [.create]).setSize(100 << 20)
            var specification = fixture.specification(memory: 128)
            specification.scratchImage = room
            let booted = try await fixture.start(specification)
            let snapshot = try await fixture.snapshot(of: booted)
            let writer = try await fixture.thaw(snapshot)
            // Beside other tests its share of a processor is small.
            let limit = Duration.seconds(120)
            #expect(try await writer.ask("fill", within: limit).hasPrefix("100 "))
            #expect(try await writer.ask("touch 50", within: limit) == "done")
            await writer.destroy()
            var plain = fixture.specification("plain", memory: 128)
            plain.scratchImage = room
            let started = try await fixture.start(plain)
            for greedy in [try await fixture.thaw(snapshot), started] {
                #expect(try await greedy.ask("touch 30", within: limit) == "done")
                // It would wait for ever.
                let failure = await #expect(throws: SandboxError.self) {
                    try await greedy.ask("hold 150", within: limit)
                }
                guard case .runtimeExited(.outOfMemory, during: .invocation) = failure?.code else {
                    Issue.record("\(String(describing: failure))")
                    return
                }
                await greedy.destroy()
            }
        }
    }

    @Test(
        "a clone takes five descriptors of the server's: its end, its output, its errors, the Runtime API and one connection"
    )
    func descriptors() async throws {
        await #expect(processExitsWith: .success) {
            try await EngineFixture.with(readyCells: 0) { fixture in
                let snapshot = try await fixture.snapshot()
                let first = try await fixture.thaw(snapshot)
                await fixture.slots.prepare()
                let before = try openDescriptors().count
                var clones = [first]
                for _ in 0..<4 {
                    let clone = try await fixture.thaw(snapshot)
                    let answer = try await clone.ask("count")
                    #expect(answer == "1")
                    clones.append(clone)
                }
                // The template may tell of a clone when that has answered already.
                var taken = 0
                for _ in 0..<50_000 where taken != 4 * 5 {
                    await Task.yield()
                    taken = try openDescriptors().count - before
                }
                #expect(taken == 4 * 5)
            }
        }
    }

    @Test("nothing is left of clones that came and went: no process, descriptor, mount, cgroup or directory")
    func leaks() async throws {
        await #expect(processExitsWith: .success) {
            try await EngineFixture.with(readyCells: 2) { fixture in
                let snapshot = try await fixture.snapshot("threads scratch")
                func cycle() async throws {
                    for number in 0..<25 {
                        let clone = try await fixture.thaw(snapshot)
                        let answer = try await clone.ask("count")
                        #expect(answer == "1")
                        if number % 5 == 0 { _ = try? await clone.ask("exit 1") }
                        await clone.destroy()
                    }
                    await fixture.engine.prepare()
                    // Slots are reset in the background, through descriptors.
                    await fixture.slots.prepare()
                }
                func counts() throws -> [String] {
                    // Other suites mount theirs meanwhile.
                    let mounts = try SmallFile.text("/proc/self/mountinfo").split(separator: "\n")
                        .filter { $0.contains(fixture.directory.string) }
                    return [
                        "\(try Directory.entries("/proc/self/fd").count) descriptors",
                        "\(try fixture.processes().count) processes", "\(try fixture.cgroups().count) cgroups",
                        "\(mounts.count) mounts",
                    ]
                }
                try await cycle()
                let before = try counts()
                for _ in 0..<2 { try await cycle() }
                let after = try counts()
                #expect(before == after)
                await fixture.close()
                let cgroups = try fixture.cgroups()
                #expect(cgroups.isEmpty)
                let stray = try ZombieReaper.next()
                #expect(stray == nil)
            }
        }
    }

    @Test("what a server that was killed left is swept")
    func sweep() async throws {
        let (dead, living) = (try EngineCgroups(instance: "dead"), try EngineCgroups(instance: "dead2"))
        let limits = CellLimits(memoryMegabytes: 64, scratchBytes: 0)
        let left = try dead.create(.random(), limits: limits)
        let kept = try living.create(.random(), limits: limits)
        try await ProcessEngine.sweep(instance: "dead")
        #expect(left.directories.allSatisfy { !FileStatus.exists($0) })
        #expect(kept.directories.allSatisfy { FileStatus.exists($0) })
        try kept.remove()
        living.removeParents()
    }
}
