import GuestProtocol
import RuntimeAPI
import Testing

private let api = "/2020-01-01/extension"
private let runtime = "/2018-06-01/runtime"
private let id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
private let unknown = "11111111-2222-4333-8444-555555555555"

@Suite("An extension in the runtime's process")
struct ExtensionTests {
    private func register(
        _ client: Client, _ name: String? = "watch", _ body: String = #"{"events":["INVOKE"]}"#
    ) throws -> Response {
        try client.call("POST", "\(api)/register", ["Lambda-Extension-Name": name], body)
    }

    private func ask(_ client: Client, _ identifier: String?) throws {
        try client.send(Client.text("GET", "\(api)/event/next", ["Lambda-Extension-Identifier": identifier], ""))
    }

    private func report(
        _ client: Client, _ what: String, _ identifier: String?, _ type: String? = "Extension.NoLicence"
    ) throws -> Response {
        try client.call(
            "POST", "\(api)/\(what)/error",
            ["Lambda-Extension-Identifier": identifier, "Lambda-Extension-Function-Error-Type": type], "{}")
    }

    @Test("is told its function, holds init, gets each event, and holds the invocation's end")
    func whole() throws {
        let harness = try Harness(isSnapStart: false)
        harness.server.setFunction(FunctionIdentity(name: "f", version: "$LATEST", handler: "a.b"))
        let (main, thread) = (try harness.connect(), try harness.connect())
        let registered = try register(thread)
        #expect(registered.status == 200)
        #expect(registered.body == "{\"functionName\":\"f\",\"functionVersion\":\"$LATEST\",\"handler\":\"a.b\"}\n")
        let identifier = try #require(registered.header("Lambda-Extension-Identifier"))
        #expect(identifier.utf8.count == 36)

        try main.send("GET \(runtime)/invocation/next HTTP/1.1\r\n\r\n")
        try harness.settle()
        #expect(harness.events.isEmpty)
        try ask(thread, identifier)
        try harness.turn { harness.events.contains(.initialized(.invocationNext)) }
        let ready = ExtensionReport(name: "watch", state: "Ready", events: ["INVOKE"])
        #expect(harness.takeEvents() == [.extensionsReported([ready]), .initialized(.invocationNext)])

        for _ in 0..<2 {
            try harness.server.invoke(.sample())
            #expect(try main.response().status == 200)
            let event = try thread.response()
            #expect(event.status == 200)
            #expect(event.header("Lambda-Extension-Event-Identifier") != nil)
            #expect(event.body.hasPrefix(#"{"eventType":"INVOKE","deadlineMs":1542409706888,"requestId":"\#(id)","#))
            #expect(event.body.contains(#""invokedFunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:f:1""#))
            #expect(event.body.contains(#""tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1-5bef4de7"#))

            #expect(try main.post("\(runtime)/invocation/\(id)/response", body: "42").status == 202)
            try main.send("GET \(runtime)/invocation/next HTTP/1.1\r\n\r\n")
            try harness.settle()
            #expect(harness.takeEvents() == [.responded(requestID: id, payload: Array("42".utf8))])
            try ask(thread, identifier)
            try harness.turn { harness.events == [.idle] }
            _ = harness.takeEvents()
        }
    }

    @Test("without events is asked for by nothing but init")
    func withoutEvents() throws {
        let harness = try Harness(isSnapStart: false)
        let (main, thread) = (try harness.connect(), try harness.connect())
        let identifier = try #require(try register(thread, "quiet", "{}").header("Lambda-Extension-Identifier"))
        try ask(thread, identifier)
        _ = try harness.start(.sample(), on: main)
        #expect(try main.post("\(runtime)/invocation/\(id)/response", body: "42").status == 202)
        try main.send("GET \(runtime)/invocation/next HTTP/1.1\r\n\r\n")
        try harness.turn { harness.events.contains(.idle) }
        #expect(try thread.pending() == "")
    }

    @Test("waits through a snapshot and is told of the clone's invocations")
    func restored() throws {
        let harness = try Harness()
        let (main, thread) = (try harness.connect(), try harness.connect())
        let identifier = try #require(try register(thread).header("Lambda-Extension-Identifier"))
        try ask(thread, identifier)
        try main.send("GET \(runtime)/restore/next HTTP/1.1\r\n\r\n")
        try harness.turn { harness.events.contains(.initialized(.restoreNext)) }
        harness.server.closeIdleConnections()
        try harness.server.release()
        #expect(try main.response().status == 200)
        try harness.server.invoke(.sample())
        #expect(try main.get("\(runtime)/invocation/next").status == 200)
        #expect(try thread.response().body.contains(id))
    }

    @Test("that has given up its connection gets the event on its next one")
    func reconnected() throws {
        let harness = try Harness(isSnapStart: false)
        let main = try harness.connect()
        var identifier = ""
        do {
            let thread = try harness.connect()
            identifier = try #require(try register(thread).header("Lambda-Extension-Identifier"))
            try ask(thread, identifier)
            try main.send("GET \(runtime)/invocation/next HTTP/1.1\r\n\r\n")
            try harness.turn { harness.events.contains(.initialized(.invocationNext)) }
        }
        try harness.settle()
        try harness.server.invoke(.sample())
        #expect(try main.response().status == 200)
        let again = try harness.connect()
        try ask(again, identifier)
        #expect(try again.response().body.contains(id))
    }

    @Test("that cannot be had is refused in AWS's words")
    func refused() throws {
        let harness = try Harness(isSnapStart: false)
        let client = try harness.connect()
        func expect(_ response: Response, _ type: String, _ message: String) {
            #expect(response.status == 403)
            #expect(response.body == "{\"errorMessage\":\"\(message)\",\"errorType\":\"\(type)\"}\n")
        }
        expect(try register(client, nil), "Extension.InvalidExtensionName", "Empty extension name")
        expect(
            try register(client, "a", #"{"events":["INVOKE","SHUTDOWN"]}"#), "Extension.InvalidEventType",
            "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension")
        expect(
            try register(client, "a", #"{"events":["PANIC"]}"#), "Extension.InvalidEventType",
            "PANIC: ErrorInvalidEventType")
        for body in ["", "[]", "{", #"{"events":"INVOKE"}"#, #"{"events":[1]}"#, #"{"events":[]}x"#, "nonsense"] {
            #expect(try register(client, "a", body).body.contains("InvalidRequestFormat"))
        }
        #expect(try register(client, "a", #" { "x" : [1, {"y": null}], "events" : [ "INVOKE" ] } "#).status == 200)
        expect(
            try register(client, "a"), "Extension.InvalidExtensionState",
            "Extension with this name already registered")
        for number in 1..<10 { #expect(try register(client, "e\(number)").status == 200) }
        expect(try register(client, "e10"), "Extension.TooManyExtensions", "Extension limit (10) reached")

        try ask(client, nil)
        expect(
            try client.response(), "Extension.MissingExtensionIdentifier",
            "Missing Lambda-Extension-Identifier header")
        try ask(client, "no-uuid")
        expect(
            try client.response(), "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier")
        try ask(client, unknown)
        expect(try client.response(), "Extension.UnknownExtensionIdentifier", "Unknown extension \(unknown)")
        expect(
            try report(client, "init", unknown, nil), "Extension.MissingHeader",
            "Lambda-Extension-Function-Error-Type not found")
        expect(
            try report(client, "exit", unknown), "Extension.UnknownExtensionIdentifier",
            "Unknown Lambda-Extension-Identifier")
    }

    @Test("cannot register once the runtime is ready, nor ask twice at once")
    func late() throws {
        let harness = try Harness(isSnapStart: false)
        let (main, thread, other) = (try harness.connect(), try harness.connect(), try harness.connect())
        let identifier = try #require(try register(thread).header("Lambda-Extension-Identifier"))
        try ask(thread, identifier)
        try main.send("GET \(runtime)/invocation/next HTTP/1.1\r\n\r\n")
        try harness.turn { harness.events.contains(.initialized(.invocationNext)) }
        #expect(try register(other, "late").body.contains("Extension.RegistrationClosed"))
        try ask(other, identifier)
        let refusal = try other.response()
        #expect(refusal.status == 403)
        #expect(
            refusal.body.contains(
                """
                State transition from Ready to Ready failed for extension \(identifier). \
                Error: State transition is not allowed
                """))
    }

    @Test("that cannot begin makes init fail")
    func initError() throws {
        let harness = try Harness(isSnapStart: false)
        let thread = try harness.connect()
        let identifier = try #require(try register(thread).header("Lambda-Extension-Identifier"))
        let accepted = try report(thread, "init", identifier)
        #expect(accepted.status == 202 && accepted.body == "{\"status\":\"OK\"}\n")
        let failed = ExtensionReport(
            name: "watch", state: "InitError", events: ["INVOKE"], errorType: "Extension.NoLicence")
        #expect(
            harness.events == [
                .extensionsReported([failed]),
                .initializationFailed(
                    RuntimeFailure(
                        errorType: "Extension.InitError",
                        body: Array(
                            """
                            {"errorMessage":"Extension watch failed: Extension.NoLicence",\
                            "errorType":"Extension.InitError"}\n
                            """.utf8))),
            ])
        #expect(try report(thread, "init", identifier).status == 202)
        #expect(harness.events.count == 2)
    }

    @Test("that gives up makes the invocation fail, and the sandbox is not idle again")
    func exitError() throws {
        let harness = try Harness(isSnapStart: false)
        let (main, thread) = (try harness.connect(), try harness.connect())
        let identifier = try #require(try register(thread).header("Lambda-Extension-Identifier"))
        try ask(thread, identifier)
        _ = try harness.start(.sample(), on: main)
        _ = try thread.response()
        _ = harness.takeEvents()
        #expect(try report(thread, "exit", identifier).status == 202)
        guard case .invocationFailed(let request, let failure) = harness.events.first else {
            Issue.record("no failure")
            return
        }
        #expect(request == id && failure.errorType == "Extension.ExitError")
        try main.send("GET \(runtime)/invocation/next HTTP/1.1\r\n\r\n")
        try harness.settle()
        #expect(harness.events.count == 1)
    }

    @Test("goes on where it may not subscribe", arguments: ["2022-07-01/telemetry", "2020-08-15/logs"])
    func subscriptions(path: String) throws {
        let harness = try Harness(isSnapStart: false)
        let client = try harness.connect()
        let api = path.hasSuffix("logs") ? "Logs" : "Telemetry"
        let answer = try client.call("PUT", "/\(path)", [:], "{}")
        #expect(answer.status == 202)
        #expect(
            answer.body == "{\"errorMessage\":\"\(api) API is not supported\",\"errorType\":\"\(api).NotSupported\"}\n")
        #expect(try client.call("POST", "/\(path)", [:], "{}").status == 405)
    }
}

extension Client {
    static func text(_ method: String, _ path: String, _ headers: [String: String?], _ body: String) -> String {
        let fields = headers.compactMap { name, value in value.map { "\(name): \($0)\r\n" } }.joined()
        return "\(method) \(path) HTTP/1.1\r\nHost: x\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    func call(_ method: String, _ path: String, _ headers: [String: String?], _ body: String) throws -> Response {
        try send(Self.text(method, path, headers, body))
        return try response()
    }
}
