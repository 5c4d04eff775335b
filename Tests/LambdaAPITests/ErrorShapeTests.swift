import Foundation
import FunctionModel
import HTTPTypes
import HummingbirdTesting
import LambdaAPI
import NIOCore
import Testing

@Suite struct ErrorShapeTests {
    @Test("Every answer has a request id of its own, a version 4 UUID")
    func requestIDs() async throws {
        let ids = (0..<100).map { _ in RequestID.make() }
        #expect(Set(ids).count == ids.count)
        for id in ids {
            let uuid = try #require(UUID(uuidString: id)).uuid
            #expect(id == id.lowercased())
            #expect(uuid.6 >> 4 == 4 && uuid.8 >> 6 == 0b10)
        }
        let tester = APITester(FakeLambdaService())
        let given = try await tester.send(.get, "/2015-03-31/functions").header("x-amzn-RequestId")
        #expect(UUID(uuidString: given ?? "") != nil)
    }

    /// Each error type as section 1.5 of the behaviour page has it: status, and the whole body.
    static let shapes: [(LambdaError, Int, String)] = [
        (.functionNotFound(arn: "arn:x"), 404, #"{"Message":"Function not found: arn:x","Type":"User"}"#),
        (.functionAlreadyExists(name: "f"), 409, #"{"Type":"User","message":"Function already exist: f"}"#),
        (LambdaError(code: .invalidParameterValue, message: "m"), 400, #"{"Type":"User","message":"m"}"#),
        (LambdaError(code: .invalidRequestContent, message: "m"), 400, #"{"Type":"User","message":"m"}"#),
        (LambdaError(code: .preconditionFailed, message: "m"), 412, #"{"Type":"User","message":"m"}"#),
        (LambdaError(code: .requestEntityTooLarge, message: "m"), 413, #"{"message":"m"}"#),
        (LambdaError(code: .requestTooLarge, message: "m"), 413, #"{"Type":"User","message":"m"}"#),
        (LambdaError(code: .validation, message: "m"), 400, #"{"message":"m"}"#),
        (LambdaError(code: .snapStart, message: "m"), 400, #"{"Message":"m","Type":"User"}"#),
        (LambdaError(code: .snapStartTimeout, message: "m"), 408, #"{"Message":"m","Type":"User"}"#),
        (LambdaError(code: .snapStartNotReady, message: "m"), 409, #"{"Message":"m","Type":"User"}"#),
        (LambdaError(code: .service, message: "m"), 500, #"{"Message":"m","Type":"Service"}"#),
        (LambdaError(code: .resourceNotReady, message: "m"), 502, #"{"Type":"Service","message":"m"}"#),
        (
            .throttled(.concurrentInvocations), 429,
            #"{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}"#
        ),
    ]

    @Test("An error has its type in the header and AWS's members in the body", arguments: shapes)
    func shape(error: LambdaError, status: Int, body: String) async throws {
        let response = try await APITester(FakeLambdaService(failure: error)).send(.get, "/2015-03-31/functions/f")
        #expect(response.status.code == status)
        #expect(response.text == body)
        #expect(response.header("x-amzn-ErrorType") == error.code.name)
        #expect(response.header("content-type") == "application/json")
        #expect(response.header("x-amzn-RequestId")?.utf8.count == 36)
    }

    @Test(
        "Every error type has a status that is an error's and a body with its message",
        arguments: LambdaError.Code.allCases)
    func everyType(code: LambdaError.Code) async throws {
        let response = try await APITester(FakeLambdaService(failure: LambdaError(code: code, message: "sentinel")))
            .send(
                .get, "/2015-03-31/functions")
        #expect((400..<600).contains(response.status.code))
        #expect(try response.json[code.messageKey] == "sentinel")
        #expect(response.header("x-amzn-ErrorType") == code.name)
    }

    @Test("A throttled client is told when to come back")
    func retryAfter() async throws {
        let error = LambdaError.throttled(.concurrentInvocations, retryAfterSeconds: 3)
        let response = try await APITester(FakeLambdaService(failure: error)).send(.get, "/2015-03-31/functions")
        #expect(response.header("Retry-After") == "3")
    }

    @Test(
        "What the API does not have is an error of AWS's shape, not a page",
        arguments: [
            ("GET", "/"), ("GET", "/index.html"), ("POST", "/2015-03-31/functions/f"),
            ("GET", "/2015-03-31/functions/f/x"),
            ("PATCH", "/2015-03-31/functions"), ("GET", "/2015-03-31/functions/a/b/c/d"), ("GET", "/_thaw/code/f"),
        ])
    func unknown(method: String, path: String) async throws {
        let response = try await APITester(FakeLambdaService()).send(try #require(.init(method)), path)
        #expect(response.status == .notFound)
        #expect(response.header("x-amzn-ErrorType") == "UnknownOperationException")
        #expect(try response.json["message"]?.text.contains("\(method) \(path)") == true)
        #expect(response.header("x-amzn-RequestId") != nil)
    }

    @Test("Actions that are not served are refused by name", arguments: UnservedRoutes.unservedActions.map(\.name))
    func unserved(name: String) async throws {
        let action = try #require(UnservedRoutes.unservedActions.first { $0.name == name })
        let path = action.path.split(separator: "/").map { $0.hasPrefix("{") ? "x" : $0 }.joined(separator: "/")
        let response = try await APITester(FakeLambdaService()).send(action.method, "/\(path)", body: "{}")
        #expect(response.status == .badRequest)
        #expect(response.header("x-amzn-ErrorType") == "InvalidParameterValueException")
        #expect(try response.json["message"] == JSONText(stringLiteral: "\(name) is not supported by this server."))
    }
}
