import FunctionModel
import FunctionStore
import GuestProtocol
import Sandboxes
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Worker

@Suite("Random events, throttles, waits and restarts against a model")
struct EventModelTests {
    /// xorshift: the same events for the same seed.
    private struct Dice {
        var state: UInt64

        mutating func roll(_ sides: UInt64) -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state % sides
        }
    }

    /// What the model knows of an event.
    private struct Expected {
        /// How often the function fails before it succeeds.
        let failures: Int

        /// Unless it dies in between.
        var attempts: Int { min(failures, 2) + 1 }
        var condition: String { failures > 2 ? "RetriesExhausted" : "Success" }
    }

    @Test("lose no event, try none too seldom, and tell how each ended", arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func model(seed: UInt64) async throws {
        let log = EventLog()
        let script = log.script { call in
            guard call.function != "sink" else { return .response([]) }
            let tries = log.all.count { $0.requestID == call.requestID }
            return tries <= Int(call.payload.trimmingPrefix("\"").prefix(1)) ?? 0 ? EventLog.failure : .response([])
        }
        var dice = Dice(state: seed &* 0x9E37_79B9_7F4A_7C15 | 1)
        var (expected, restarts, elapsed) = ([String: Expected](), 0, Duration.zero)
        try await withScratchDirectory { directory in
            var fixture = try WorkerFixture.open(directory, FakeEngine(script), maximumSandboxes: 3)
            for name in ["f", "g", "sink"] { try await fixture.create(name, snapStart: false) }
            await fixture.settled()
            for name in ["f", "g"] {
                try await fixture.configureEvents(
                    of: name, onSuccess: WorkerFixture.arn("sink"), onFailure: WorkerFixture.arn("sink"))
            }
            for step in 0..<60 {
                switch dice.roll(10) {
                case 0...4:
                    let (id, failures) = ("event-\(step)", Int(dice.roll(5)))
                    try await fixture.send("\"\(failures)\"", to: dice.roll(2) == 0 ? "f" : "g", id: id)
                    expected[id] = Expected(failures: failures)
                case 5...6: await fixture.runEvents()
                case 7:
                    let passed = Duration.seconds(Int(dice.roll(120)))
                    elapsed += passed
                    await fixture.runEvents(after: passed)
                case 8:
                    let share = Int(dice.roll(3)) + 1
                    try await fixture.worker.concurrency.reserve(share, for: FunctionReference(name: "f"))
                default:
                    // Some are being tried when the server dies.
                    fixture.worker.dispatcher.dispatch()
                    try fixture.store.close()
                    await fixture.settled()
                    fixture = try WorkerFixture.open(directory, FakeEngine(script), maximumSandboxes: 3)
                    fixture.time.advance(by: elapsed)
                    try await fixture.worker.recover()
                    await fixture.worker.dispatcher.takeUp()
                    restarts += 1
                }
            }
            for _ in 0..<400 where fixture.worker.events.count > 0 { await fixture.runEvents(after: .seconds(60)) }
            #expect(fixture.worker.events.count == 0)
            #expect(try await fixture.store.waitingEvents(after: 0, limit: 9).isEmpty)
            await fixture.worker.stop()
            try fixture.store.close()
        }
        for (id, event) in expected {
            let tries = log.all.count { $0.requestID == id }
            #expect(
                tries >= min(event.attempts, 1) && tries <= event.attempts + restarts,
                "\(id) was tried \(tries) times, \(event.attempts) were expected, with \(restarts) restarts")
            let told = log.calls(of: "sink").filter { $0.payload.contains("\"requestId\":\"\(id)\"") }
            #expect(!told.isEmpty, "\(id) was not told of")
            #expect(told.count <= 1 + restarts)
        }
        if restarts == 0 {
            for (id, event) in expected {
                let told = log.calls(of: "sink").first { $0.payload.contains("\"requestId\":\"\(id)\"") }
                #expect(told?.payload.contains("\"condition\":\"\(event.condition)\"") == true)
            }
        }
    }
}
