import FunctionModel
import LinuxKit
import Sandboxes
import Synchronization
import Testing
import Worker

@Suite("Where the host's memory is short")
struct MemoryReliefTests {
    /// A host of 1 GiB, of which a test says how many MiB are available.
    private final class Host: Sendable {
        private let available: Mutex<UInt64>
        init(available: UInt64) { self.available = Mutex(available << 20) }

        func set(available: UInt64) { self.available.withLock { $0 = available << 20 } }

        var source: MemorySource {
            MemorySource(
                now: { [self] in HostMemory(total: 1 << 30, available: available.withLock { $0 }) },
                beats: { AsyncStream { $0.finish() } })
        }
    }

    @Test("what waits goes for what is asked for, and where nothing waits the call is refused and says why")
    func refusal() async throws {
        // One machine of 128 MiB and 64 of its own, beside the 51.2 that stay.
        let host = Host(available: 280)
        try await WorkerFixture.with(readyClones: 0, memory: host.source) { fixture in
            for name in ["f", "g"] { try await fixture.createPublished(name) }
            try await fixture.invoke("f")
            await fixture.settled()
            try await fixture.invoke("g")
            await fixture.settled()
            #expect(fixture.engine.record.thaws.count == 2)
            #expect(fixture.engine.record.live.count == 1)
            host.set(available: 10)
            let error = await #expect(throws: LambdaError.self) {
                async let refused = fixture.invoke("f")
                await fixture.time.expire(.milliseconds(100))
                _ = try await refused
            }
            #expect(error == .hostMemoryShort)
            #expect(error?.reason == "ConcurrentInvocationLimitExceeded")
            #expect(fixture.engine.record.live.isEmpty)
            #expect(fixture.engine.record.shed == EngineReserve.allCases)
            host.set(available: 500)
            try await fixture.invoke("f")
        }
    }

    @Test("a server at rest gives back what waits: first the sandboxes, then what the engine has ahead")
    func relief() async throws {
        let host = Host(available: 500)
        var script = FakeEngine.Script()
        script.shed = { reserve, bytes in
            guard reserve == .idleTemplates else { return 0 }
            host.set(available: 500)
            return bytes
        }
        try await WorkerFixture.with(script, readyClones: 0, memory: host.source) { fixture in
            try await fixture.createPublished()
            try await fixture.invoke()
            await fixture.settled()
            host.set(available: 100)
            await fixture.worker.relieve()
            #expect(fixture.engine.record.live.isEmpty)
            #expect(fixture.engine.record.shed == [.readyClones, .idleTemplates])
            await fixture.worker.relieve()
            #expect(fixture.engine.record.shed.count == 2)
        }
    }
}
