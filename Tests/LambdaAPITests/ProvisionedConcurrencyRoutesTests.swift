import FunctionModel
import HTTPTypes
import HummingbirdTesting
import LambdaAPI
import Testing

@Suite("Provisioned concurrency on the wire")
struct ProvisionedConcurrencyRoutesTests {
    static let path = "/2019-09-30/functions/f/provisioned-concurrency"

    @Test("It is accepted, and shown with what has come of it, until it is deleted")
    func life() async throws {
        let tester = APITester(FakeLambdaService(functions: [.sample()]))
        let path = Self.path + "?Qualifier=live"
        let put = try await tester.send(.put, path, body: #"{"ProvisionedConcurrentExecutions":2}"#)
        #expect(put.status == .accepted)
        #expect(
            put.text
                == #"{"AllocatedProvisionedConcurrentExecutions":0,"AvailableProvisionedConcurrentExecutions":0,"LastModified":"2026-01-12T15:32:08+0000","RequestedProvisionedConcurrentExecutions":2,"Status":"IN_PROGRESS"}"#
        )
        let got = try await tester.send(.get, path)
        #expect(
            got.text
                == #"{"AllocatedProvisionedConcurrentExecutions":2,"AvailableProvisionedConcurrentExecutions":2,"LastModified":"2026-01-12T15:32:08+0000","RequestedProvisionedConcurrentExecutions":2,"Status":"READY"}"#
        )
        #expect(try await tester.send(.delete, path).status == .noContent)
        let missing = try await tester.send(.get, path)
        #expect(missing.status == .notFound)
        #expect(missing.header("x-amzn-ErrorType") == "ProvisionedConcurrencyConfigNotFoundException")
        #expect(try missing.json["message"]?.text == "No Provisioned Concurrency Config found for this function")
        #expect(try missing.json["Type"]?.text == "User")
    }

    @Test("A list names what each is of, and why it has failed")
    func list() async throws {
        let tester = APITester(FakeLambdaService(functions: [.sample()], nextMarker: "next"))
        _ = try await tester.send(.put, Self.path + "?Qualifier=7", body: #"{"ProvisionedConcurrentExecutions":4}"#)
        let list = try await tester.send(.get, Self.path + "?List=ALL&MaxItems=50")
        #expect(
            list.text
                == #"{"NextMarker":"next","ProvisionedConcurrencyConfigs":[{"AllocatedProvisionedConcurrentExecutions":3,"AvailableProvisionedConcurrentExecutions":3,"FunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:f:7","LastModified":"2026-01-12T15:32:08+0000","RequestedProvisionedConcurrentExecutions":4,"Status":"FAILED","StatusReason":"FUNCTION_ERROR_INIT_FAILURE"}]}"#
        )
    }

    static let refused: [(method: HTTPRequest.Method, query: String, body: String?, message: String)] = [
        (
            .put, "?Qualifier=1", #"{"ProvisionedConcurrentExecutions":0}"#,
            "Value '0' at 'provisionedConcurrentExecutions' failed to satisfy constraint: Member must have value greater "
                + "than or equal to 1"
        ),
        (
            .put, "?Qualifier=1", "{}",
            "Value null at 'provisionedConcurrentExecutions' failed to satisfy constraint: Member must not be null"
        ),
        (
            .put, "", #"{"ProvisionedConcurrentExecutions":1}"#,
            "Value null at 'qualifier' failed to satisfy constraint: Member must not be null"
        ),
        (.get, "", nil, "Value null at 'qualifier' failed to satisfy constraint: Member must not be null"),
        (.delete, "", nil, "Value null at 'qualifier' failed to satisfy constraint: Member must not be null"),
        (
            .get, "?List=ALL&MaxItems=51", nil,
            "Value '51' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 50"
        ),
    ]

    @Test("What AWS's model does not allow is refused in its words", arguments: refused)
    func refusal(method: HTTPRequest.Method, query: String, body: String?, message: String) async throws {
        let response = try await APITester(FakeLambdaService(functions: [.sample()])).send(
            method, Self.path + query, body: body ?? "")
        #expect(response.status.code == 400)
        #expect(response.header("x-amzn-ErrorType") == "ValidationException")
        #expect(try response.json["message"]?.text == "1 validation error detected: \(message)")
    }
}
