import GuestProtocol
import RuntimeAPI
import Testing

private let id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
private let api = "/2018-06-01/runtime"
private let head = """
    POST \(api)/invocation/\(id)/response HTTP/1.1\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n\
    Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n
    """

@Suite struct PartsTests {
    /// A runtime that has got an event whose response is wanted in parts.
    private static func running() throws -> (Harness, Client) {
        let harness = try Harness(isSnapStart: false)
        let client = try harness.connect()
        try client.send("GET \(api)/invocation/next HTTP/1.1\r\n\r\n")
        try harness.turn { !harness.events.isEmpty }
        try harness.server.invoke(.sample(), inParts: true)
        _ = try client.response()
        _ = harness.takeEvents()
        return (harness, client)
    }

    private static func part(_ text: String) -> RuntimeEvent { .responsePart(requestID: id, Array(text.utf8)) }
    private static let began = RuntimeEvent.responseBegan(requestID: id, contentType: "text/plain")

    @Test("each part is told when it has come, before the next one is sent")
    func parts() throws {
        let (harness, client) = try Self.running()
        try client.send(head)
        try harness.turn { harness.events == [Self.began] }
        try client.send("5\r\nfirst\r\n")
        try harness.turn { harness.events == [Self.began, Self.part("first")] }
        #expect(harness.server.state == .responding(requestID: Array(id.utf8)))
        // Another answer meanwhile is out of turn.
        let other = try harness.connect()
        #expect(try other.post("\(api)/invocation/\(id)/response", body: "2").status == 403)
        #expect(try other.get("\(api)/invocation/next").status == 403)
        try client.send("6\r\nsecond\r\n0\r\n\r\n")
        #expect(try client.response().status == 202)
        #expect(
            harness.takeEvents() == [
                Self.began, Self.part("first"), Self.part("second"), .responseEnded(requestID: id),
            ])
        try client.send("GET \(api)/invocation/next HTTP/1.1\r\n\r\n")
        try harness.turn { harness.events == [.idle] }
    }

    @Test("a response with a length comes in parts too, and one that is not streamed does not")
    func lengths() throws {
        let (harness, client) = try Self.running()
        try client.send(
            """
            POST \(api)/invocation/\(id)/response HTTP/1.1\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n\
            Content-Length: 4\r\n\r\nab
            """)
        try harness.turn { harness.events.count == 2 }
        try client.send("cd")
        #expect(try client.response().status == 202)
        #expect(
            harness.takeEvents() == [
                .responseBegan(requestID: id, contentType: ""), Self.part("ab"), Self.part("cd"),
                .responseEnded(requestID: id),
            ])
        let (buffered, second) = try Self.running()
        #expect(try second.post("\(api)/invocation/\(id)/response", body: "whole").status == 202)
        #expect(buffered.takeEvents() == [.responded(requestID: id, payload: Array("whole".utf8))])
    }

    @Test("trailers that name an error end the response with it")
    func failure() throws {
        let (harness, client) = try Self.running()
        try client.send(
            head + """
                4\r\nhalf\r\n0\r\nLambda-Runtime-Function-Error-Type: Runtime.Half\r\n\
                Lambda-Runtime-Function-Error-Body: eyJhIjoxfQ==\r\n\r\n
                """)
        #expect(try client.response().status == 202)
        #expect(
            harness.takeEvents() == [
                Self.began, Self.part("half"),
                .invocationFailed(
                    requestID: id, RuntimeFailure(errorType: "Runtime.Half", body: Array(#"{"a":1}"#.utf8))),
            ])
    }

    @Test("a runtime whose response is held back waits, until there is room again")
    func backPressure() throws {
        let (harness, client) = try Self.running()
        try client.send(head + "4\r\nhalf\r\n")
        try harness.turn { harness.events.count == 2 }
        harness.server.pauseResponse()
        // Read before anybody could listen less, then no more.
        try client.send("1\r\n1\r\n")
        try harness.settle()
        let told = harness.events.count
        try client.send("1\r\n2\r\n0\r\n\r\n")
        try harness.settle()
        #expect(harness.events.count == told)
        #expect(try client.pending() == "")
        harness.server.resumeResponse()
        #expect(try client.response().status == 202)
        #expect(harness.takeEvents().last == .responseEnded(requestID: id))
        // It serves on.
        try client.send("GET \(api)/invocation/next HTTP/1.1\r\n\r\n")
        try harness.turn { harness.events == [.idle] }
    }

    @Test("what a runtime that has ended leaves behind of a response is told as far as there is room")
    func lastWords() throws {
        let (harness, client) = try Self.running()
        try client.send(head + "4\r\nhalf\r\n")
        try harness.turn { harness.events.count == 2 }
        harness.server.onEvent = { [unowned harness] event in
            harness.note(event)
            if case .responsePart = event { harness.server.pauseResponse() }
        }
        try client.send("1\r\n1\r\n")
        try harness.turn { harness.events == [Self.began, Self.part("half"), Self.part("1")] }
        try client.send("1\r\n2\r\n")
        harness.server.readRest()
        #expect(harness.events.count == 3)
    }

    @Test("a response that breaks off has failed once the runtime asks for more, or says why")
    func truncated() throws {
        for saysWhy in [false, true] {
            let (harness, client) = try Self.running()
            do {
                let second = try harness.connect()
                try second.send(head + "4\r\nhalf\r\n")
                try harness.turn { harness.events.count == 2 }
            }
            try harness.turn { harness.server.state == .truncated(requestID: Array(id.utf8)) }
            _ = harness.takeEvents()
            if saysWhy {
                let headers = "Lambda-Runtime-Function-Error-Type: Runtime.Mine\r\n"
                #expect(try client.post("\(api)/invocation/\(id)/error", headers: headers, body: "{}").status == 202)
                #expect(
                    harness.events == [
                        .invocationFailed(
                            requestID: id, RuntimeFailure(errorType: "Runtime.Mine", body: Array("{}".utf8)))
                    ])
            } else {
                try client.send("GET \(api)/invocation/next HTTP/1.1\r\n\r\n")
                try harness.turn { harness.events.last == .idle }
                #expect(
                    harness.events == [
                        .invocationFailed(
                            requestID: id, RuntimeFailure(errorType: "Runtime.TruncatedResponse", body: [])), .idle,
                    ])
            }
        }
    }

    @Test("a response may have 200 MB; a byte more fails it at once, and the rest is dropped")
    func limit() throws {
        let (harness, client) = try Self.running()
        var total = 0
        harness.server.onEvent = { [unowned harness] event in
            if case .responsePart(_, let bytes) = event { total += bytes.count } else { harness.note(event) }
        }
        try client.send(head)
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        for _ in 0..<200 { try client.send(Array("100000\r\n".utf8) + piece + Array("\r\n".utf8)) }
        try harness.turn { total == 209_715_200 }
        #expect(harness.events == [Self.began])
        try client.send("1\r\n1\r\n")
        try harness.turn { harness.events.count == 2 }
        try client.send("1\r\n1\r\n0\r\n\r\n")
        #expect(try client.response().status == 413)
        guard case .invocationFailed(_, let failure) = harness.events[1] else {
            Issue.record("\(harness.events)")
            return
        }
        #expect(failure.errorType == "Function.ResponseSizeTooLarge")
        #expect(String(decoding: failure.body, as: UTF8.self).contains("(209715200 bytes)"))
        #expect(total == 209_715_200 && harness.events.count == 2)
    }

    @Test("a response that nobody wants in parts is buffered as any other")
    func buffered() throws {
        let harness = try Harness(isSnapStart: false)
        let client = try harness.connect()
        _ = try harness.start(.sample(), on: client)
        try client.send(head + "4\r\nhalf\r\n4\r\nhalf\r\n0\r\n\r\n")
        #expect(try client.response().status == 202)
        #expect(harness.takeEvents().last == .responded(requestID: id, payload: Array("halfhalf".utf8)))
    }
}
