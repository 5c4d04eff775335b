import FunctionModel
import HTTPTypes
import HummingbirdTesting
import LambdaAPI
import NIOCore
import Testing

/// Layers on the wire, over a fake worker; texts were recorded on AWS.
@Suite struct LayerRoutesTests {
    static let path = "/2018-10-31/layers/tools/versions"
    static let arn = "arn:aws:lambda:us-east-1:123456789012:layer:tools"
    static let entry = """
        "CompatibleArchitectures":[],"CompatibleRuntimes":["python3.12"],"CreatedDate":"2026-01-12T15:32:08.250+0000",\
        "Description":"",
        """
    static let known = """
        "LayerVersionArn":"\(arn):3","LicenseInfo":"MIT","Version":3
        """

    private func send(
        _ method: HTTPRequest.Method, _ uri: String, body: String? = nil
    ) async throws -> TestResponse {
        try await APITester(FakeLambdaService(functions: [.sample()])).send(method, uri, body: body)
    }

    @Test("PublishLayerVersion answers what it was told, and leaves out what it was not")
    func publish() async throws {
        let response = try await send(
            .post, Self.path, body: #"{"Content":{"ZipFile":"UEs="},"CompatibleRuntimes":[]}"#)
        #expect(response.status == .created)
        let json = try response.json
        #expect(
            Set(json.keys) == [
                "Content", "LayerArn", "LayerVersionArn", "Description", "CreatedDate", "Version", "CompatibleRuntimes",
            ])
        #expect(json["LayerVersionArn"] == JSONText(stringLiteral: "\(Self.arn):1"))
        #expect(json["Content"]?.text.contains("CodeSize: 2,") == true)
    }

    @Test(
        "GetLayerVersion and GetLayerVersionByArn answer alike",
        arguments: [
            "\(path)/3", "/2018-10-31/layers/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Alayer%3Atools/versions/3",
            "/2018-10-31/layers?find=LayerVersion&Arn=arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Alayer%3Atools%3A3",
        ])
    func get(uri: String) async throws {
        var json = try await send(.get, uri).json
        let content = json.removeValue(forKey: "Content")?.text ?? ""
        #expect(content.contains("/_thaw/layer/tools/3?X-Amz-Algorithm=AWS4-HMAC-SHA256&"))
        #expect(content.contains("CodeSize: 276") && content.contains("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="))
        #expect(
            json == [
                "CompatibleArchitectures": "[]", "CompatibleRuntimes": "[python3.12]",
                "CreatedDate": "2026-01-12T15:32:08.250+0000", "Description": "",
                "LayerArn": JSONText(stringLiteral: Self.arn),
                "LayerVersionArn": JSONText(stringLiteral: "\(Self.arn):3"), "LicenseInfo": "MIT", "Version": "3",
            ])
    }

    @Test("lists show versions without their content, and pages their markers")
    func lists() async throws {
        let entry = "{\(Self.entry)\(Self.known)}"
        #expect(
            try await send(.get, "/2018-10-31/layers?CompatibleRuntime=python3.12").text
                == #"{"Layers":[{"LatestMatchingVersion":\#(entry),"LayerArn":"\#(Self.arn)","LayerName":"tools"}]}"#)
        #expect(
            try await send(.get, Self.path).text == #"{"LayerVersions":[\#(entry)],"NextMarker":"more"}"#)
        #expect(
            try await send(.get, "/2018-10-31/layers?CompatibleArchitecture=arm64").text == #"{"Layers":[]}"#)
    }

    @Test("the archive can be had where Content.Location says")
    func content() async throws {
        let response = try await send(.get, "/_thaw/layer/tools/3")
        #expect(response.status == .ok)
        #expect(response.body.readableBytes == 276)
        #expect(try await send(.get, "/_thaw/layer/tools/4").status == .notFound)
    }

    @Test("policies are texts in JSON")
    func policies() async throws {
        let added = try await send(
            .post, "\(Self.path)/3/policy?RevisionId=rev-1",
            body: """
                {"StatementId":"s1","Action":"lambda:GetLayerVersion","Principal":"*","OrganizationId":"o-0123456789"}
                """)
        #expect(added.status == .created)
        #expect(added.text.contains(#"\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-0123456789\"}}"#))
        #expect(
            try await send(.get, "\(Self.path)/3/policy").text == #"{"Policy":"policy","RevisionId":"rev-1"}"#)
        #expect(try await send(.delete, "\(Self.path)/3/policy/s1").status == .noContent)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var method: HTTPRequest.Method
        var uri: String
        var body: String?
        var status: Int
        var message: String

        init(
            _ method: HTTPRequest.Method, _ uri: String, body: String? = nil, status: Int = 400, _ message: String
        ) {
            (self.method, self.uri, self.body, self.status, self.message) = (method, uri, body, status, message)
        }

        var testDescription: String { "\(method) \(uri) \(body ?? "")" }
    }

    static let oneError = "1 validation error detected: Value "
    static let constraint = "failed to satisfy constraint: Member must satisfy"
    static let runtimes = Runtimes.current.joined(separator: ", ")
    static let refusals = [
        Refusal(.get, "\(path)/0", "Layer Version Cannot be less than 1"),
        Refusal(.delete, "\(path)/-1", "Layer Version Cannot be less than 1"),
        Refusal(.get, "\(path)/x", "STRING_VALUE can not be converted to a Long"),
        Refusal(.get, "\(path)/4", status: 404, "The resource you requested does not exist."),
        Refusal(.get, "\(path)/4/policy", status: 404, "Layer version \(arn):4 does not exist."),
        Refusal(
            .get, "/2018-10-31/layers?CompatibleArchitecture=riscv",
            oneError + "'riscv' at 'compatibleArchitecture' \(constraint) enum value set: [x86_64, arm64]"),
        Refusal(
            .get, "/2018-10-31/layers?CompatibleRuntime=cobol",
            oneError + "'cobol' at 'compatibleRuntime' \(constraint) enum value set: "
                + "[\(Runtimes.listed.joined(separator: ", "))]"),
        Refusal(
            .get, "\(path)?MaxItems=51",
            oneError
                + "'51' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 50"),
        Refusal(
            .get, "/2018-10-31/layers?find=LayerVersion&Arn=\(arn)",
            oneError + "'\(arn)' at 'arn' \(constraint) regular expression pattern: "
                + #"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:"#
                + "[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)"),
        Refusal(
            .post, path,
            body: #"{"Content":{"ZipFile":"UEs="},"CompatibleRuntimes":["a"],"CompatibleArchitectures":["b"]}"#,
            "2 validation errors detected: Value '[a]' at 'compatibleRuntimes' \(constraint) enum value set: [\(runtimes)]; "
                + "Value '[b]' at 'compatibleArchitectures' \(constraint) constraint: "
                + "[Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"),
        Refusal(
            .post, path, body: "{}",
            oneError + "null at 'content' failed to satisfy constraint: Member must not be null"),
        Refusal(
            .post, "\(path)/3/policy", body: #"{"StatementId":"s","Action":"*","Principal":"*"}"#,
            oneError + "'*' at 'action' \(constraint) regular expression pattern: lambda:GetLayerVersion"),
        Refusal(
            .post, "\(path)/3/policy",
            body: #"{"StatementId":"s","Action":"lambda:GetLayerVersion","Principal":"s3.amazonaws.com"}"#,
            oneError + "'s3.amazonaws.com' at 'principal' \(constraint) regular expression pattern: "
                + #"\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root"#),
        Refusal(
            .post, "\(path)/3/policy?RevisionId=no",
            body: #"{"StatementId":"s","Action":"lambda:GetLayerVersion","Principal":"*"}"#, status: 412,
            "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the "
                + "latest Revision Id"),
    ]

    @Test("refusals have AWS's words", arguments: refusals)
    func refused(_ refusal: Refusal) async throws {
        let response = try await send(refusal.method, refusal.uri, body: refusal.body)
        #expect(response.status.code == refusal.status)
        let json = try response.json
        #expect(json["message"] ?? json["Message"] == JSONText(stringLiteral: refusal.message))
    }
}
