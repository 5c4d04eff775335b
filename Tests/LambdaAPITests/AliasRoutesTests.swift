import FunctionModel
import HTTPTypes
import HummingbirdTesting
import Testing
import Worker

@Suite struct AliasRoutesTests {
    private let path = "/2015-03-31/functions/f/aliases"
    private let arn = "arn:aws:lambda:us-east-1:123456789012:function:f:live"

    @Test("An alias has AWS's members, and RoutingConfig only with weights")
    func shape() async throws {
        let service = FakeLambdaService(functions: [.sample()])
        let tester = APITester(service)
        let created = try await tester.send(
            .post, path,
            body: """
                {"Name": "live", "FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.25}}}
                """)
        #expect(created.status == .created)
        #expect(
            created.text
                == """
                {"AliasArn":"\(arn)","Description":"","FunctionVersion":"1","Name":"live","RevisionId":"rev-1",\
                "RoutingConfig":{"AdditionalVersionWeights":{"2":0.25}}}
                """)
        let read = try await tester.send(.get, "\(path)/live")
        #expect(read.text == created.text)
        let updated = try await tester.send(
            .put, "\(path)/live", body: #"{"Description": "d", "RoutingConfig": {"AdditionalVersionWeights": {}}}"#)
        #expect(updated.status == .ok)
        #expect(
            updated.text
                == #"{"AliasArn":"\#(arn)","Description":"d","FunctionVersion":"1","Name":"live","RevisionId":"rev-2"}"#
        )
        let listed = try await tester.send(.get, "\(path)?FunctionVersion=2&MaxItems=7")
        #expect(listed.text == #"{"Aliases":[]}"#)
        #expect(service.seen.page?.maximumItems == 7)
        #expect(try await tester.send(.delete, "\(path)/live").status == .noContent)
        #expect(try await tester.send(.get, "\(path)/live").status == .notFound)
    }

    @Test(
        "What cannot be is refused in AWS's words",
        arguments: [
            // A number would be a version.
            (
                #"{"Name": "2024", "FunctionVersion": "1"}"#, "ValidationException",
                """
                1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: Member must satisfy \
                regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)
                """
            ),
            (
                #"{"Name": "a", "FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 2}}}"#,
                "ValidationException",
                """
                1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to \
                satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to \
                1.0, Member must have value greater than or equal to 0.0, Member must not be null]
                """
            ),
            (
                #"{"Name":"a","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"$LATEST":0.5}}}"#,
                "ValidationException",
                """
                1 validation error detected: Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed \
                to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal \
                to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression \
                pattern: [0-9]+]
                """
            ),
            (
                #"{"Name":"a","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"1":0.8,"2":0.2}}}"#,
                "InvalidParameterValueException",
                "Number of items in AdditionalVersionWeights cannot be greater than 1"
            ),
            (
                #"{"Name": "a", "FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}}"#,
                "InvalidParameterValueException",
                """
                Invalid function version 1. Function version 1 is already included in routing configuration.
                """
            ),
        ])
    func refused(body: String, code: String, message: String) async throws {
        let response = try await APITester(FakeLambdaService(functions: [.sample()])).send(.post, path, body: body)
        #expect(response.status == .badRequest)
        #expect(response.header("x-amzn-ErrorType") == code)
        #expect(try response.json["message"] == JSONText(stringLiteral: message))
    }

    @Test("AWS sends one of the refusals without a Type")
    func untyped() async throws {
        let response = try await APITester(FakeLambdaService(functions: [.sample()])).send(
            .post, path,
            body:
                #"{"Name":"a","FunctionVersion":"$LATEST","RoutingConfig":{"AdditionalVersionWeights":{"1":0.5}}}"#)
        #expect(
            response.text
                == #"{"message":"$LATEST is not supported for an alias pointing to more than 1 version"}"#)
    }
}
