import Foundation
import FunctionModel
import HTTPTypes
import HummingbirdTesting
import LambdaAPI
import NIOCore
import Testing
import Worker

@Suite struct InvokeTests {
    static let path = "/2015-03-31/functions/f/invocations"

    static func service(
        functionError: String? = nil, logTail: [UInt8]? = nil, payload: [UInt8]? = nil
    ) -> FakeLambdaService {
        FakeLambdaService(functions: [.sample(), .sample(version: .published(7))]) { request in
            InvokeResponse(
                executedVersion: request.reference.version ?? .latest, functionError: functionError, logTail: logTail,
                payload: payload ?? request.payload)
        }
    }

    @Test("Payloads pass byte for byte", arguments: [#"{ "a" :1.0e0 }"#, "null", "\"é\"", " [ ] ", ""])
    func payload(text: String) async throws {
        let service = Self.service()
        let response = try await APITester(service).send(.post, Self.path, body: text)
        #expect(response.status == .ok)
        #expect(response.text == text)
        #expect(response.header("content-type") == "application/json")
        #expect(response.header("X-Amz-Executed-Version") == "$LATEST")
        #expect(response.header("X-Amz-Function-Error") == nil)
        #expect(response.header("X-Amz-Log-Result") == nil)
        let request = try #require(service.seen.invoked)
        #expect(request.requestID == response.header("x-amzn-RequestId"))
        #expect(request.type == .requestResponse && request.logType == .none && request.clientContext == nil)
    }

    @Test("The qualifier chooses the version, and the answer names it", arguments: ["?Qualifier=7", ":7"])
    func qualifier(suffix: String) async throws {
        let uri = suffix.hasPrefix(":") ? "/2015-03-31/functions/f:7/invocations" : Self.path + suffix
        let response = try await APITester(Self.service()).send(.post, uri, body: "{}")
        #expect(response.header("X-Amz-Executed-Version") == "7")
    }

    @Test("A function that fails is a 200 that says so")
    func functionError() async throws {
        let body = #"{"errorMessage":"m","errorType":"E"}"#
        let response = try await APITester(Self.service(functionError: "Unhandled", payload: Array(body.utf8))).send(
            .post, Self.path, body: "{}")
        #expect(response.status == .ok)
        #expect(response.header("X-Amz-Function-Error") == "Unhandled")
        #expect(response.text == body)
    }

    @Test("LogType Tail gives the last 4 KB of the log in base64, and only when asked for", arguments: [true, false])
    func logTail(wanted: Bool) async throws {
        let log = Array(repeating: UInt8(ascii: "a"), count: 10) + Array(repeating: UInt8(ascii: "b"), count: 4096)
        let response = try await APITester(Self.service(logTail: log)).send(
            .post, Self.path, headers: wanted ? [.logType: "Tail"] : [:], body: "{}")
        let result = response.header("X-Amz-Log-Result").flatMap { Data(base64Encoded: $0) }
        #expect(result.map(Array.init) == (wanted ? Array(log.suffix(4096)) : nil))
    }

    @Test("DryRun answers 204 without a body and without a version")
    func dryRun() async throws {
        let service = Self.service()
        let response = try await APITester(service).send(
            .post, Self.path, headers: [.invocationType: "DryRun"], body: "{}")
        #expect(response.status == .noContent)
        #expect(response.body.readableBytes == 0)
        #expect(response.header("X-Amz-Executed-Version") == nil)
        #expect(service.seen.invoked?.type == .dryRun)
    }

    @Test("Event answers 202 without a body and without a version")
    func event() async throws {
        let service = Self.service()
        let response = try await APITester(service).send(
            .post, Self.path, headers: [.invocationType: "Event"], body: #"{"a":1}"#)
        #expect(response.status == .accepted)
        #expect(response.body.readableBytes == 0)
        #expect(response.header("X-Amz-Executed-Version") == nil)
        let request = try #require(service.seen.invoked)
        #expect(request.type == .event && request.requestID == response.header("x-amzn-RequestId"))
        #expect(String(decoding: request.payload, as: UTF8.self) == #"{"a":1}"#)
    }

    @Test("InvokeAsync is an event, too")
    func invokeAsync() async throws {
        let service = Self.service()
        let response = try await APITester(service).send(
            .post, "/2014-11-13/functions/f/invoke-async", body: #"{"a":1}"#)
        #expect(response.status == .accepted)
        #expect(service.seen.invoked?.type == .event)
    }

    @Test("The caller's trace goes on, and a new one is made where there is none")
    func trace() async throws {
        let service = Self.service()
        let given = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
        _ = try await APITester(service).send(.post, Self.path, headers: [.amznTraceID: given], body: "{}")
        #expect(service.seen.invoked?.traceID == given)
        let response = try await APITester(service).send(.post, Self.path, body: "{}")
        let made = try #require(service.seen.invoked?.traceID)
        #expect(made.wholeMatch(of: /Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0/) != nil)
        #expect(response.header("X-Amzn-Trace-Id") == made)
    }

    @Test("The client context is handed on decoded")
    func clientContext() async throws {
        let service = Self.service()
        let context = #"{"custom":{"k":"v"}}"#
        let encoded = Data(context.utf8).base64EncodedString()
        _ = try await APITester(service).send(.post, Self.path, headers: [.clientContext: encoded], body: "{}")
        #expect(service.seen.invoked?.clientContext == context)
    }

    /// Headers, payload, status, error type, and a part of the message.
    static let refused: [(HTTPFields, String, Int, String, String)] = [
        ([:], "foo", 400, "InvalidRequestContentException", "Could not parse request body into json"),
        ([:], "{\"a\":}", 400, "InvalidRequestContentException", "line: 1, column: 6]"),
        (
            [.invocationType: "DryRun"], "{", 400, "InvalidRequestContentException",
            "Could not parse request body into json"
        ),
        (
            [.invocationType: "Event"], "foo", 400, "InvalidRequestContentException",
            "Could not parse request body into json"
        ),
        ([.invocationType: "Later"], "{}", 400, "ValidationException", "'invocationType'"),
        ([.invocationType: "dryrun"], "{}", 400, "ValidationException", "[Event, RequestResponse, DryRun]"),
        ([.logType: "All"], "{}", 400, "ValidationException", "[None, Tail]"),
        (
            [.invocationType: "Later", .logType: "All"], "{}", 400, "ValidationException",
            "2 validation errors detected"
        ),
        ([.clientContext: "***"], "{}", 400, "InvalidRequestContentException", "Client context must be a valid Base64"),
        (
            [.clientContext: "bm8="], "{}", 400, "InvalidRequestContentException",
            "Client context must be a valid Base64"
        ),
        (
            [.clientContext: String(repeating: "A", count: 3584)], "{}", 400, "ValidationException",
            "less than or equal to 3583"
        ),
    ]

    @Test("An invocation that cannot be is refused before the worker hears of it", arguments: refused)
    func refuses(headers: HTTPFields, payload: String, status: Int, type: String, message: String) async throws {
        let service = Self.service()
        let response = try await APITester(service).send(.post, Self.path, headers: headers, body: payload)
        #expect(response.status.code == status)
        #expect(response.header("x-amzn-ErrorType") == type)
        #expect(try response.json["message"]?.text.contains(message) == true, "\(response.text)")
        #expect(service.seen.invoked == nil)
    }

    @Test("A payload may be as large as AWS takes, and no larger", arguments: [(6_291_556, 200), (6_291_557, 413)])
    func payloadLimit(size: Int, status: Int) async throws {
        let payload = "\"" + String(repeating: "a", count: size - 2) + "\""
        let response = try await APITester(Self.service()).send(.post, Self.path, body: payload)
        #expect(response.status.code == status)
    }

    @Test(
        "and so may an event's, a megabyte",
        arguments: [
            ("2015-03-31/functions/f/invocations", 1_048_576, 202),
            ("2015-03-31/functions/f/invocations", 1_048_577, 413),
            ("2014-11-13/functions/f/invoke-async", 262_144, 202),
            ("2014-11-13/functions/f/invoke-async", 262_145, 413),
        ])
    func eventPayloadLimit(path: String, size: Int, status: Int) async throws {
        let payload = "\"" + String(repeating: "a", count: size - 2) + "\""
        let response = try await APITester(Self.service()).send(
            .post, "/" + path, headers: [.invocationType: "Event"], body: payload)
        #expect(response.status.code == status)
        guard status == 413 else { return }
        #expect(response.header("x-amzn-ErrorType") == "RequestTooLargeException")
        let text = "\(size) byte payload is too large for the Event invocation type (limit \(size - 1) bytes)"
        #expect(try response.json["message"]?.text == text)
    }

    @Test("An unknown function or version is a 404", arguments: ["f/invocations?Qualifier=9", "g/invocations"])
    func unknown(path: String) async throws {
        let response = try await APITester(Self.service()).send(.post, "/2015-03-31/functions/\(path)", body: "{}")
        #expect(response.status == .notFound)
    }
}
