import HTTPTypes
import HummingbirdTesting
import LambdaAPI
import NIOCore
import Testing

@Suite struct EventSourceRoutesTests {
    @Test("a new mapping answers 202 with its defaults, and a number for its time")
    func creation() async throws {
        let response = try await APITester(FakeLambdaService()).send(
            .post, "/2015-03-31/event-source-mappings/",
            body: #"{"FunctionName":"f","EventSourceArn":"arn:aws:sqs:us-east-1:123456789012:q"}"#)
        #expect(response.status == .accepted)
        #expect(
            response.text == #"""
                {"BatchSize":10,"EventSourceArn":"arn:aws:sqs:us-east-1:123456789012:q",\#
                "EventSourceMappingArn":"arn:aws:lambda:us-east-1:123456789012:event-source-mapping:\#
                8f9b1c3e-0000-4000-8000-000000000001","FunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:f",\#
                "FunctionResponseTypes":[],"LastModified":1700000000.5,"MaximumBatchingWindowInSeconds":0,\#
                "State":"Creating","StateTransitionReason":"USER_INITIATED","UUID":"8f9b1c3e-0000-4000-8000-000000000001"}
                """#)
    }

    static let unknown = "8f9b1c3e-0000-4000-8000-00000000000f"

    @Test(
        "what cannot be is refused",
        arguments: [
            (HTTPRequest.Method.post, "", "{}", 400, "Value null at 'functionName'"),
            (.post, "", #"{"FunctionName":"f"}"#, 400, "Unrecognized event source."),
            (
                .post, "", #"{"FunctionName":"f","BatchSize":"x"}"#, 400,
                "STRING_VALUE can not be converted to an Integer"
            ),
            (.get, Self.unknown, nil, 404, "The resource you requested does not exist."),
            (.put, Self.unknown, "{}", 404, "The resource you requested does not exist."),
            (.get, "none", nil, 400, "Value 'none' at 'uUID' failed to satisfy constraint: Member must have length"),
            (.delete, Self.unknown, nil, 404, "The resource you requested does not exist."),
        ] as [(HTTPRequest.Method, String, String?, Int, String)])
    func refusals(method: HTTPRequest.Method, uuid: String, body: String?, status: Int, excerpt: String) async throws {
        let response = try await APITester(FakeLambdaService()).send(
            method, "/2015-03-31/event-source-mappings/\(uuid)", body: body)
        #expect(response.status.code == status)
        #expect(response.text.contains(excerpt), "\(response.text)")
    }
}
