import FunctionModel
import HTTPTypes
import HummingbirdTesting
import Testing
import Worker

@Suite struct AccountRoutesTests {
    private let configs = "/2020-04-22/code-signing-configs"
    private let arn = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdefg"

    private func send(_ method: HTTPRequest.Method, _ uri: String, _ body: String? = nil) async throws -> TestResponse {
        try await APITester(FakeLambdaService(functions: [.sample()])).send(method, uri, body: body)
    }

    @Test("GetAccountSettings tells the limits and what is used of them")
    func settings() async throws {
        #expect(
            try await send(.get, "/2016-08-19/account-settings/").text
                == """
                {"AccountLimit":{"CodeSizeUnzipped":262144000,"CodeSizeZipped":52428800,"ConcurrentExecutions":7,\
                "TotalCodeSize":80530636800,"UnreservedConcurrentExecutions":5},"AccountUsage":{"FunctionCount":2,\
                "TotalCodeSize":552}}
                """)
    }

    @Test("A code signing configuration has AWS's members")
    func codeSigning() async throws {
        let body = #"{"AllowedPublishers":{"SigningProfileVersionArns":["arn:aws:signer:us-east-1:123456789012:/p"]}}"#
        let created = try await send(.post, configs, body)
        #expect(created.status.code == 201)
        #expect(
            created.text
                == """
                {"CodeSigningConfig":{"AllowedPublishers":{"SigningProfileVersionArns":\
                ["arn:aws:signer:us-east-1:123456789012:/p"]},"CodeSigningConfigArn":"\(arn)",\
                "CodeSigningConfigId":"csc-0123456789abcdefg","CodeSigningPolicies":\
                {"UntrustedArtifactOnDeployment":"Warn"},"Description":"d",\
                "LastModified":"2026-01-12T15:32:08.250+0000"}}
                """)
        #expect(try await send(.get, "\(configs)/\(arn)").text == created.text)
        #expect(try await send(.delete, "\(configs)/\(arn)").status.code == 204)
        #expect(
            try await send(.get, "\(configs)/\(arn)/functions").text
                == #"{"FunctionArns":["arn:aws:lambda:us-east-1:123456789012:function:f"]}"#)
    }

    @Test("One that is not there is told in two ways")
    func missing() async throws {
        let other = arn.dropLast() + "x"
        let read = try await send(.get, "\(configs)/\(other)")
        #expect(read.status.code == 404)
        #expect(read.text == #"{"Message":"The Lambda code signing configuration \#(other) can not be found."}"#)
        let put = try await send(
            .put, "/2020-06-30/functions/f/code-signing-config", #"{"CodeSigningConfigArn":"\#(other)"}"#)
        #expect(put.status.code == 404)
        #expect(put.header("x-amzn-ErrorType") == "CodeSigningConfigNotFoundException")
        #expect(try put.json["Type"] == "User")
    }

    @Test(
        "Settings of functions are read and refused as on AWS",
        arguments: [
            ("2024-08-31", "recursion-config", #"{"RecursiveLoop":"Allow"}"#, 200, #"{"RecursiveLoop":"Allow"}"#),
            (
                "2024-08-31", "recursion-config", #"{"RecursiveLoop":"InvalidValue"}"#, 400,
                """
                {"message":"1 validation error detected: Value 'InvalidValue' at 'recursiveLoop' failed to satisfy \
                constraint: Member must satisfy enum value set: [Terminate, Allow]"}
                """
            ),
            (
                "2021-07-20", "runtime-management-config", #"{"UpdateRuntimeOn":"FunctionUpdate"}"#, 200,
                """
                {"FunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:f","UpdateRuntimeOn":"FunctionUpdate"}
                """
            ),
        ])
    func setting(version: String, path: String, body: String, status: Int, expected: String) async throws {
        let response = try await send(.put, "/\(version)/functions/f/\(path)", body)
        #expect(response.status.code == status)
        #expect(response.text == expected)
    }
}
