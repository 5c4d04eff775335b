import FunctionModel
import HTTPTypes
import HummingbirdTesting
import LambdaAPI
import NIOCore
import Testing
import Worker

@Suite struct TagRoutesTests {
    static let uri = "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af"

    private static func service() -> FakeLambdaService {
        FakeLambdaService(functions: [.sample()], tags: ["team": "a"])
    }

    @Test("TagResource and UntagResource answer 204 without a body, ListTags what is left")
    func lifecycle() async throws {
        let service = Self.service()
        let tester = APITester(service)
        let tagged = try await tester.send(.post, Self.uri, body: #"{"Tags":{"team":"b","a b/c":"é"}}"#)
        #expect(tagged.status == .noContent && tagged.body.readableBytes == 0)
        #expect(try await tester.send(.get, Self.uri).text == #"{"Tags":{"a b/c":"é","team":"b"}}"#)
        let untagged = try await tester.send(.delete, "\(Self.uri)?tagKeys=team&tagKeys=a%20b%2Fc&tagKeys=nothing")
        #expect(untagged.status == .noContent && untagged.body.readableBytes == 0)
        #expect(try await tester.send(.get, Self.uri).text == #"{"Tags":{}}"#)
    }

    @Test(
        "What is no tag is refused as AWS refuses it",
        arguments: [
            (HTTPRequest.Method.post, "", "{}", 400, "ValidationException", "Value null at 'tags'"),
            (.post, "", #"{"Tags":{}}"#, 400, "InvalidParameterValueException", "cannot be processed"),
            (.post, "", #"{"Tags":["a"]}"#, 400, "SerializationException", "Start of list found where not expected"),
            (.post, "", #"{"Tags":{"aws:a":"b"}}"#, 400, "InvalidParameterValueException", "aws:a"),
            (.post, "", #"{"Tags":{"thaw:isolation":"x"}}"#, 400, "InvalidParameterValueException", "auto, microvm"),
            (.post, "%3A1", #"{"Tags":{"a":"b"}}"#, 400, "InvalidParameterValueException", "aliases and versions"),
            (.post, "g", #"{"Tags":{"a":"b"}}"#, 404, "ResourceNotFoundException", "function:fg"),
            (.delete, "", "", 400, "ValidationException", "Value null at 'tagKeys'"),
            (.delete, "g?tagKeys=a", "", 404, "ResourceNotFoundException", "function:fg"),
            (.get, "%3A1", "", 400, "InvalidParameterValueException", "aliases and versions"),
            (.get, "g", "", 404, "ResourceNotFoundException", "Function not found: arn"),
        ])
    func refused(
        method: HTTPRequest.Method, suffix: String, body: String, status: Int, type: String, excerpt: String
    ) async throws {
        let response = try await APITester(Self.service()).send(
            method, Self.uri + suffix, body: body.isEmpty ? nil : body)
        #expect(response.status.code == status)
        #expect(response.header("x-amzn-ErrorType") == type)
        #expect(response.text.contains(excerpt), "\(response.text)")
    }

    @Test(
        "Other resources that AWS lets be tagged are not there",
        arguments: [
            ("event-source-mapping:0f2c2a7e-0d3c-4b7a-9a52-1c0e6d1d2f3a", "Event source mapping not found: "),
            ("capacity-provider:p", "Capacity provider not found: "), ("layer:l", "Layer not found: "),
        ])
    func others(resource: String, message: String) async throws {
        let arn = "arn:aws:lambda:us-east-1:123456789012:\(resource)"
        let response = try await APITester(Self.service()).send(.get, "/2017-03-31/tags/\(arn)")
        #expect(response.status == .notFound)
        #expect(try response.json["Message"] == JSONText(stringLiteral: message + arn))
        // With a part too many it is no ARN of such a thing.
        let qualified = try await APITester(Self.service()).send(.get, "/2017-03-31/tags/\(arn):alias")
        #expect(qualified.status == .badRequest)
        #expect(qualified.text.contains("at 'resource' failed to satisfy constraint"))
    }

    @Test("A resource that is not named by its ARN is refused", arguments: ["f", "arn%3Aaws%3Asomething"])
    func names(resource: String) async throws {
        let response = try await APITester(Self.service()).send(.get, "/2017-03-31/tags/\(resource)")
        #expect(response.status == .badRequest)
        #expect(response.text.contains("at 'resource' failed to satisfy constraint"))
    }
}
