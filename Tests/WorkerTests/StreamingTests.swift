import Basics
import FunctionModel
import GuestProtocol
import Sandboxes
import Testing
import Worker

@Suite struct StreamingTests {
    private static func request(_ type: InvokeRequest.InvocationType = .requestResponse) -> InvokeRequest {
        InvokeRequest(
            reference: FunctionReference(name: "f", qualifier: "1"), requestID: "id-1", type: type, logType: .none,
            clientContext: nil, payload: Array("{}".utf8))
    }

    private static func streaming(_ answer: StreamedAnswer) throws -> StreamedInvocation {
        guard case .streaming(let invocation) = answer else { throw NotStreamed() }
        return invocation
    }

    private struct NotStreamed: Error {}

    @Test("the answer is there when the response has begun, while the function still runs")
    func begins() async throws {
        let goOn = Outcome<Void>()
        var script = FakeEngine.Script()
        script.streamer = { _, response in
            response.begin(contentType: "text/plain")
            response.body.write(Array("first".utf8))
            await goOn.wait()
            response.body.write(Array("second".utf8))
            return .streamed
        }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let invocation = try Self.streaming(try await fixture.worker.invocations.stream(Self.request()))
            #expect(invocation.contentType == "text/plain" && invocation.executedVersion.description == "1")
            #expect(await invocation.nextPart() == Array("first".utf8))
            goOn.settle()
            #expect(await invocation.nextPart() == Array("second".utf8))
            #expect(await invocation.nextPart() == nil)
            #expect(try await invocation.end().functionError == nil)
            await fixture.settled()
        }
    }

    @Test("a failure behind the beginning ends the response with what a whole one would have been")
    func fails() async throws {
        var script = FakeEngine.Script()
        script.streamer = { _, response in
            response.begin(contentType: "")
            return .error(RuntimeFailure(errorType: "Function.Late", body: Array("late".utf8)))
        }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let invocation = try Self.streaming(try await fixture.worker.invocations.stream(Self.request()))
            #expect(await invocation.nextPart() == nil)
            let end = try await invocation.end()
            #expect(end.functionError == "Unhandled" && end.payload == Array("late".utf8))
            await fixture.settled()
        }
    }

    @Test("a function that answers at once, or is not there, has nothing to stream")
    func whole() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            guard case .whole(let answer) = try await fixture.worker.invocations.stream(Self.request()) else {
                throw NotStreamed()
            }
            #expect(answer.payload == Array("{}".utf8) && answer.executedVersion.description == "1")
            var unknown = Self.request()
            unknown.reference = FunctionReference(name: "nobody")
            await #expect(throws: LambdaError.self) { _ = try await fixture.worker.invocations.stream(unknown) }
            await fixture.settled()
        }
    }
}
