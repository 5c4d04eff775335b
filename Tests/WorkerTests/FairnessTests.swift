import FunctionModel
import GuestProtocol
import Sandboxes
import Testing
import Worker

@Suite("When all sandboxes are taken")
struct FairnessTests {
    /// Invocations named "held" last until the first meeting opens; sandboxes ask for their next event when the second one does.
    private static func script(_ held: Meeting, _ asked: Meeting) -> FakeEngine.Script {
        var script = FakeEngine.Script()
        script.handler = { invocation, _ in
            if invocation.requestID == "held" { await held.wait() }
            return .response([])
        }
        script.settle = {
            await asked.wait()
            return 1
        }
        return script
    }

    @Test("a function with less than its share gets the next place, before one that has more")
    func share() async throws {
        let (held, asked) = (Meeting(), Meeting())
        try await WorkerFixture.with(Self.script(held, asked), maximumSandboxes: 4) { fixture in
            for name in ["busy", "few"] { try await fixture.createPublished(name, snapStart: false) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { try await fixture.invoke("busy", id: "held") } }
                await held.arrival(of: 3)
                // The fourth has answered, and is about to ask for its next event.
                try await fixture.invoke("busy")
                let waiting = Task { try await fixture.invoke("few") }
                await fixture.time.waitForSleeper(of: .seconds(1))
                // Without the other it would get the place.
                await #expect(throws: LambdaError.throttled(.concurrentInvocations, retryAfterSeconds: 1)) {
                    try await fixture.invoke("busy")
                }
                asked.open()
                _ = try await waiting.value
                held.open()
                try await group.waitForAll()
            }
            await fixture.settled()
            // It has its places again when nobody else wants them.
            try await fixture.invoke("busy")
        }
    }

    @Test("it waits for a second, and is told to come again after another")
    func patience() async throws {
        let (held, asked) = (Meeting(), Meeting())
        try await WorkerFixture.with(Self.script(held, asked), maximumSandboxes: 2) { fixture in
            for name in ["busy", "few"] { try await fixture.createPublished(name, snapStart: false) }
            async let one = fixture.invoke("busy", id: "held")
            async let two = fixture.invoke("busy", id: "held")
            await held.arrival(of: 2)
            let waiting = Task { try await fixture.invoke("few") }
            await fixture.time.expire(.seconds(1))
            await #expect(throws: LambdaError.throttled(.concurrentInvocations, retryAfterSeconds: 1)) {
                try await waiting.value
            }
            held.open()
            asked.open()
            _ = try await (one, two)
            // Nobody waits any more.
            await fixture.settled()
            for name in ["busy", "few"] { try await fixture.invoke(name) }
        }
    }
}
