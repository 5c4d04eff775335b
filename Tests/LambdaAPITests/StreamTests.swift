import Basics
import FunctionModel
import HTTPTypes
import HummingbirdTesting
import LambdaAPI
import NIOCore
import Testing
import Worker

/// InvokeWithResponseStream, and function URLs whose mode is RESPONSE_STREAM.
@Suite struct StreamTests {
    private static let path = "/2021-11-15/functions/f/response-streaming-invocations"

    /// A response that has come whole by the time somebody asks.
    private static func invocation(
        _ contentType: String, _ parts: [String], error: String? = nil, payload: String = ""
    ) -> StreamedInvocation {
        let (body, outcome) = (ByteStream(limit: 1 << 20), Outcome<Result<InvokeResponse, LambdaError>>())
        for part in parts { body.write(Array(part.utf8)) }
        body.end()
        outcome.settle(
            .success(
                InvokeResponse(
                    executedVersion: .latest, functionError: error, logTail: nil, payload: Array(payload.utf8))))
        return StreamedInvocation(executedVersion: .latest, contentType: contentType, body: body, outcome: outcome)
    }

    private static func service(_ streamed: StreamedInvocation?, urls: [FunctionURL] = []) -> FakeLambdaService {
        FakeLambdaService(
            functions: [.sample(name: "f")], policy: FunctionURLTests.policy, urls: urls, streamed: streamed)
    }

    /// What the messages of an event stream say: their type, a colon, and their payload. Ends at what is no message.
    private static func messages(_ body: ByteBuffer) -> [String] {
        var (body, messages) = (body, [String]())
        while let length = body.readInteger(as: UInt32.self), var message = body.readSlice(length: Int(length) - 4),
            let headerLength = message.readInteger(as: UInt32.self), message.readInteger(as: UInt32.self) != nil,
            var headers = message.readSlice(length: Int(headerLength))
        {
            var type = ""
            while let nameLength = headers.readInteger(as: UInt8.self),
                let name = headers.readString(length: Int(nameLength)), headers.readInteger(as: UInt8.self) == 7,
                let valueLength = headers.readInteger(as: UInt16.self),
                let value = headers.readString(length: Int(valueLength))
            {
                if name == ":event-type" { type = value }
            }
            messages.append("\(type): \(message.readString(length: message.readableBytes - 4) ?? "")")
        }
        return messages
    }

    @Test("a streamed response is chunks and an end")
    func events() async throws {
        let answer = try await APITester(Self.service(Self.invocation("text/plain", ["first", "second"])))
            .send(.post, Self.path, body: "{}")
        #expect(answer.status == .ok)
        #expect(answer.header("content-type") == "application/vnd.amazon.eventstream")
        #expect(answer.header("X-Amz-Executed-Version") == "$LATEST")
        #expect(Self.messages(answer.body) == ["PayloadChunk: firstsecond", "InvokeComplete: {}"])
    }

    @Test("the bytes of an event are as AWS documents them")
    func bytes() async throws {
        let answer = try await APITester(Self.service(Self.invocation("", []))).send(.post, Self.path)
        let headers =
            "\u{b}:event-type\u{7}\0\u{e}InvokeComplete\u{d}:content-type\u{7}\0\u{10}application/json"
            + "\u{d}:message-type\u{7}\0\u{5}event"
        #expect(answer.body.getString(at: 12, length: headers.utf8.count) == headers)
        #expect(answer.body.getInteger(at: 0, as: UInt32.self) == UInt32(16 + headers.utf8.count + 2))
        #expect(answer.body.getInteger(at: 4, as: UInt32.self) == UInt32(headers.utf8.count))
    }

    @Test("a response that comes whole is a chunk, and a failure is told by the end")
    func whole() async throws {
        let answer = try await APITester(Self.service(nil)).send(.post, Self.path, body: #"{"a": 1}"#)
        #expect(Self.messages(answer.body) == [#"PayloadChunk: {"a": 1}"#, "InvokeComplete: {}"])
        let failed = Self.invocation("", ["half"], error: "Unhandled", payload: #"{"errorType":"E"}"#)
        let failure = try await APITester(Self.service(failed)).send(.post, Self.path)
        #expect(
            Self.messages(failure.body) == [
                "PayloadChunk: half",
                #"InvokeComplete: {"ErrorCode":"Unhandled","ErrorDetails":"{\"errorType\":\"E\"}"}"#,
            ])
    }

    @Test("an invocation that is refused is an error as any other, and events are")
    func refused() async throws {
        let headers: HTTPFields = [.invocationType: "Event"]
        let event = try await APITester(Self.service(nil)).send(.post, Self.path, headers: headers, body: "{}")
        #expect(event.status == .badRequest && event.text.contains("[RequestResponse, DryRun]"))
        let unknown = try await APITester(FakeLambdaService()).send(.post, Self.path, body: "{}")
        #expect(unknown.status == .notFound && unknown.header("x-amzn-ErrorType") == "ResourceNotFoundException")
    }

    @Test("a function URL passes on what is streamed, after the prelude that its type promises")
    func url() async throws {
        func answer(_ streamed: StreamedInvocation) async throws -> TestResponse {
            try await APITester(Self.service(streamed, urls: [FunctionURLTests.url(.none, nil, .responseStream)]))
                .send(.get, FunctionURLTests.path + "/")
        }
        let plain = try await answer(Self.invocation("text/html", ["<p>", "</p>"]))
        #expect(plain.status == .ok && plain.text == "<p></p>" && plain.header("content-type") == "text/html")
        let type = "application/vnd.awslambda.http-integration-response"
        let nulls = String(repeating: "\0", count: 8)
        let whole = try await answer(
            Self.invocation(type, [#"{"statusCode": 201, "headers": {"x-own": "1"}}"# + nulls + "body"]))
        #expect(whole.status == .created && whole.text == "body" && whole.header("x-own") == "1")
        #expect(whole.header("content-type") == "application/octet-stream")
        #expect(try await answer(Self.invocation(type, [#"{"statusCode": 201}"#])).status == .badGateway)
        #expect(try await answer(Self.invocation(type, ["{" + nulls])).status == .badGateway)
    }
}
