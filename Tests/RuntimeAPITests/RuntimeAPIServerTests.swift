import GuestProtocol
import RuntimeAPI
import Testing

private let id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
private let api = "/2018-06-01/runtime"

@Suite struct RuntimeAPIServerTests {
    @Test("a runtime without snapshots is initialised, invoked and idle again")
    func onDemand() throws {
        let harness = try Harness(isSnapStart: false)
        let client = try harness.connect()
        let event = try harness.start(.sample(), on: client)
        #expect(event.status == 200)
        #expect(event.body == #"{"a":1}"#)
        #expect(event.header("Content-Type") == "application/json")
        #expect(event.header("Lambda-Runtime-Aws-Request-Id") == id)
        #expect(event.header("Lambda-Runtime-Deadline-Ms") == "1542409706888")
        #expect(
            event.header("Lambda-Runtime-Invoked-Function-Arn") == "arn:aws:lambda:us-east-1:123456789012:function:f:1")
        #expect(event.header("Lambda-Runtime-Trace-Id")?.hasPrefix("Root=1-5bef4de7") == true)
        #expect(event.header("Lambda-Runtime-Client-Context") == nil)
        let accepted = try client.post("\(api)/invocation/\(id)/response", body: "42")
        #expect(accepted.status == 202)
        #expect(accepted.body == "{\"status\":\"OK\"}\n")
        try client.send("GET \(api)/invocation/next HTTP/1.1\r\n\r\n")
        try harness.turn { harness.events.contains(.idle) }
        #expect(
            harness.events == [
                .initialized(.invocationNext), .responded(requestID: id, payload: Array("42".utf8)), .idle,
            ])
    }

    @Test("a snapshotted runtime blocks in restore/next until it is released, then reports restored")
    func snapStart() throws {
        let harness = try Harness()
        let first = try harness.connect()
        try first.send("GET \(api)/restore/next HTTP/1.1\r\nHost: x\r\n\r\n")
        try harness.turn { harness.events == [.initialized(.restoreNext)] }
        #expect(try first.pending() == "")
        var order: [String] = []
        try harness.server.release { order.append("then") }
        let released = try first.response()
        #expect(released.status == 200 && released.body == "")
        #expect(released.header("Thaw-Generation") == "42")
        #expect(
            released.header("Thaw-Entropy")
                == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==")
        #expect(released.header("Thaw-Wall-Clock") == "1795424579068460993")
        #expect(order == ["then"])
        try harness.server.invoke(.sample())
        let second = try harness.connect()
        #expect(try second.get("\(api)/invocation/next").body == #"{"a":1}"#)
        #expect(harness.events == [.initialized(.restoreNext), .restored])
    }

    @Test("a runtime that never asked for a restore is restored at once")
    func notInterested() throws {
        let harness = try Harness()
        let client = try harness.connect()
        try client.send("GET \(api)/invocation/next HTTP/1.1\r\n\r\n")
        try harness.turn { !harness.events.isEmpty }
        try harness.server.release()
        #expect(harness.events == [.initialized(.invocationNext), .restored])
    }

    @Test("a runtime that is still starting cannot be released")
    func releaseTooEarly() throws {
        let harness = try Harness()
        #expect(throws: RuntimeAPIError.cannotRelease(state: "Started")) { try harness.server.release() }
    }

    @Test("one invocation can be queued ahead, a second one is refused")
    func queueing() throws {
        let harness = try Harness()
        let client = try harness.connect()
        try harness.server.invoke(.sample())
        #expect(throws: RuntimeAPIError.busy(state: "Started")) { try harness.server.invoke(.sample("b")) }
        #expect(try client.get("\(api)/invocation/next").status == 200)
        #expect(throws: RuntimeAPIError.busy(state: "Running")) { try harness.server.invoke(.sample("b")) }
        #expect(try client.post("\(api)/invocation/\(id)/response").status == 202)
        try harness.server.invoke(.sample("b", payload: "2"))
        #expect(try client.get("\(api)/invocation/next").body == "2")
    }

    @Test("a runtime that asks again while it runs gets the same event")
    func sameEvent() throws {
        let harness = try Harness()
        let client = try harness.connect()
        let first = try harness.start(.sample(), on: client)
        #expect(try client.get("\(api)/invocation/next") == first)
        #expect(try client.post("\(api)/invocation/\(id)/response").status == 202)
    }

    @Test("a runtime whose connection broke while it waited gets the event on the next one")
    func reconnect() throws {
        let harness = try Harness()
        do {
            let client = try harness.connect()
            try client.send("GET \(api)/invocation/next HTTP/1.1\r\n\r\n")
            try harness.turn { !harness.events.isEmpty }
        }
        try harness.settle()
        try harness.server.invoke(.sample())
        #expect(try harness.connect().get("\(api)/invocation/next").body == #"{"a":1}"#)
    }

    static let wrongCalls: [(String, String, Int, String)] = [
        (
            "POST", "\(api)/restore/error", 403,
            """
            {"errorMessage":"State transition from Started to RuntimeRestoreErrorState failed for runtime. \
            Error: State transition is not allowed","errorType":"InvalidStateTransition"}\n
            """
        ),
        (
            "POST", "\(api)/invocation/x/response", 400,
            "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}\n"
        ),
        (
            "POST", "\(api)/invocation/x/error", 400,
            "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}\n"
        ),
        ("GET", "/2021-04-23/credentials", 404, "cannot get credentials for the provided token\n"),
        ("GET", "/2018-06-01/nothing", 404, "404 page not found\n"),
        ("POST", "\(api)/invocation/next", 405, ""),
        ("GET", "\(api)/init/error", 405, ""),
        ("GET", "/2018-06-01/ping", 200, "pong"),
    ]

    @Test("calls out of place get AWS's answers", arguments: wrongCalls)
    func wrongCall(_ method: String, _ path: String, _ status: Int, _ body: String) throws {
        let client = try Harness().connect()
        let response = method == "GET" ? try client.get(path) : try client.post(path)
        #expect(response.status == status)
        #expect(response.body == body)
    }

    @Test(
        "restore and credentials routes do not exist without snapshots",
        arguments: ["\(api)/restore/next", "\(api)/restore/error", "/2021-04-23/credentials"])
    func onlySnapStart(_ path: String) throws {
        let harness = try Harness(isSnapStart: false)
        harness.server.setCredentials(.sample)
        #expect(try harness.connect().get(path).status == 404)
    }

    @Test("a second answer to the same invocation is forbidden")
    func answeredTwice() throws {
        let harness = try Harness()
        let client = try harness.connect()
        _ = try harness.start(.sample(), on: client)
        #expect(try client.post("\(api)/invocation/\(id)/error", body: "{}").status == 202)
        let second = try client.post("\(api)/invocation/\(id)/response", body: "{}")
        #expect(second.status == 403)
        #expect(second.body.contains("from RuntimeResponseSentState to InvocationResponse"))
    }

    static let errorTypes: [(String, String)] = [
        ("Runtime.ImportModuleError", "Runtime.ImportModuleError"), ("Function.MyError", "Function.MyError"),
        ("Runtime.Aa", "Runtime.Aa"), ("xRuntime.Ab", "xRuntime.Ab"), ("Function.bad", "Function.Unknown"),
        ("Function.", "Function.Unknown"), ("Runtime.A", "Runtime.Unknown"), ("Runtime.A1", "Runtime.Unknown"),
        ("ValueError", "Runtime.Unknown"), ("", "Runtime.Unknown"), ("Runtime.", "Runtime.Unknown"),
        ("Runtime.Error with \u{e9}", "Runtime.Error with \u{e9}"), ("Extension.Crash", "Runtime.Unknown"),
    ]

    @Test("error types are recorded as AWS records them", arguments: errorTypes)
    func errorType(_ sent: String, _ recorded: String) throws {
        let harness = try Harness()
        let client = try harness.connect()
        let header = "Lambda-Runtime-Function-Error-Type: \(sent)\r\n"
        #expect(try client.post("\(api)/init/error", headers: header, body: "{}").status == 202)
        #expect(
            harness.events == [.initializationFailed(RuntimeFailure(errorType: recorded, body: Array("{}".utf8)))])
    }

    @Test(
        "errors of after-restore hooks are restore errors, whichever route they come by",
        arguments: ["restore", "init"])
    func restoreError(_ route: String) throws {
        let harness = try Harness()
        let client = try harness.connect()
        try client.send("GET \(api)/restore/next HTTP/1.1\r\n\r\n")
        try harness.turn { !harness.events.isEmpty }
        try harness.server.release()
        _ = try client.response()
        let header = "Lambda-Runtime-Function-Error-Type: Runtime.AfterRestoreError\r\n"
        #expect(try client.post("\(api)/\(route)/error", headers: header, body: "{}").status == 202)
        #expect(
            harness.events.last
                == .restoreFailed(RuntimeFailure(errorType: "Runtime.AfterRestoreError", body: Array("{}".utf8))))
        #expect(try client.get("\(api)/invocation/next").status == 403)
    }

    @Test("a streamed answer is one payload")
    func streaming() throws {
        let harness = try Harness()
        let client = try harness.connect()
        _ = try harness.start(.sample(), on: client)
        try client.send(
            "POST \(api)/invocation/\(id)/response HTTP/1.1\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
        #expect(try client.response().status == 202)
        #expect(harness.events.last == .responded(requestID: id, payload: Array("abcdef".utf8)))
    }

    @Test("a streamed answer that fails half way is an error, its body decoded")
    func streamingError() throws {
        let harness = try Harness()
        let client = try harness.connect()
        _ = try harness.start(.sample(), on: client)
        try client.send(
            "POST \(api)/invocation/\(id)/response HTTP/1.1\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nLambda-Runtime-Function-Error-Type: Function.Late\r\n"
                + "Lambda-Runtime-Function-Error-Body: eyJhIjoxfQ==\r\n\r\n")
        #expect(try client.response().status == 202)
        let failure = RuntimeFailure(errorType: "Function.Late", body: Array(#"{"a":1}"#.utf8))
        #expect(harness.events.last == .invocationFailed(requestID: id, failure))
    }

    @Test("an unknown response mode fails the invocation")
    func responseMode() throws {
        let harness = try Harness()
        let client = try harness.connect()
        _ = try harness.start(.sample(), on: client)
        let refused = try client.post(
            "\(api)/invocation/\(id)/response", headers: "Lambda-Runtime-Function-Response-Mode: odd\r\n")
        #expect(refused.status == 400)
        #expect(refused.body.contains("InvalidFunctionResponseMode"))
        let failure = RuntimeFailure(errorType: "Runtime.InvalidResponseModeHeader", body: [])
        #expect(harness.events.last == .invocationFailed(requestID: id, failure))
    }

    @Test("answers up to AWS's limit pass, one byte more fails the invocation", arguments: [6_291_556, 6_291_557])
    func payloadLimit(_ length: Int) throws {
        let harness = try Harness()
        let client = try harness.connect()
        let payload = String(repeating: "p", count: length)
        _ = try harness.start(.sample(payload: payload), on: client)
        let response = try client.post("\(api)/invocation/\(id)/response", body: payload)
        if length <= 6_291_556 {
            #expect(response.status == 202)
            #expect(harness.events.last == .responded(requestID: id, payload: Array(payload.utf8)))
        } else {
            #expect(response.status == 413)
            #expect(response.body.contains(#""errorType":"RequestEntityTooLarge""#))
            guard case .invocationFailed(_, let failure) = harness.events.last else {
                Issue.record("no failure was reported")
                return
            }
            #expect(failure.errorType == "Function.ResponseSizeTooLarge")
        }
        try client.send("GET \(api)/invocation/next HTTP/1.1\r\n\r\n")
        try harness.turn { harness.events.last == .idle }
    }

    @Test("credentials go to who has the token, and follow what is set", arguments: [true, false])
    func credentials(hasToken: Bool) throws {
        let harness = try Harness()
        harness.server.setCredentials(.sample)
        let token = hasToken ? Credentials.sample.authorizationToken : "5d4c63a6-0f07-4a8e-a0a1-6b8a4d9e1c12"
        let client = try harness.connect()
        let path = "/2021-04-23/credentials"
        let response = try client.get(path, headers: "Authorization: \(token)\r\n")
        #expect(response.status == (hasToken ? 200 : 404))
        guard hasToken else { return }
        #expect(
            response.body
                == #"{"AccessKeyId":"AKIA","SecretAccessKey":"se\"cr\\et","Token":"token\u000a","Expiration":"2026-11-24T00:00:00Z"}"#
        )
        var renewed = Credentials.sample
        renewed.accessKeyID = "AKIB"
        harness.server.setCredentials(renewed)
        #expect(try client.get(path, headers: "Authorization: \(token)\r\n").body.contains("AKIB"))
    }

    @Test("a client context cannot end its header early")
    func contextInjection() throws {
        let harness = try Harness()
        let client = try harness.connect()
        var invocation = Invocation.sample()
        invocation.clientContext = "{\"a\":\r\n\"b\"}\r\nX-Injected: 1"
        let event = try harness.start(invocation, on: client)
        #expect(event.header("X-Injected") == nil)
        #expect(event.header("Lambda-Runtime-Client-Context") == #"{"a":  "b"}  X-Injected: 1"#)
    }

    static let nonsense = [
        "\u{0}\u{1}\u{2}\r\n\r\n", "GET / HTTP/1.1\r\nA\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
    ]

    @Test("nonsense is answered and the connection closed; others go on", arguments: nonsense)
    func hostile(_ text: String) throws {
        let harness = try Harness()
        let good = try harness.connect()
        #expect(try good.get("/2018-06-01/ping").body == "pong")
        let bad = try harness.connect()
        try bad.send(text)
        #expect(try (400...505).contains(bad.response().status))
        #expect(try bad.isClosed())
        #expect(try good.get("/2018-06-01/ping").body == "pong")
    }

    @Test("pipelined calls are answered in their order")
    func pipelined() throws {
        let harness = try Harness()
        let client = try harness.connect()
        try harness.server.invoke(.sample())
        try client.send(
            "GET \(api)/invocation/next HTTP/1.1\r\n\r\nPOST \(api)/invocation/\(id)/response HTTP/1.1\r\n"
                + "Content-Length: 1\r\n\r\n7GET /2018-06-01/ping HTTP/1.1\r\n\r\nGET \(api)/invocation/next HTTP/1.1\r\n\r\n"
        )
        #expect(try client.response().body == #"{"a":1}"#)
        #expect(try client.response().status == 202)
        #expect(try client.response().body == "pong")
        try harness.turn { harness.events.last == .idle }
    }

    @Test("more connections than it keeps do not stop it")
    func manyConnections() throws {
        let harness = try Harness()
        var clients: [Client] = []
        for _ in 0..<40 {
            let client = try harness.connect()
            try client.send("GET /2018-06-01/ping HTTP/1.1\r\n\r\n")
            clients.append(client)
        }
        #expect(try clients[0].response().body == "pong")
        clients.removeFirst(20)
        #expect(try clients[19].response().body == "pong")
    }
}
