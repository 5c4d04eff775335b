import Authorization
import Foundation
import FunctionModel
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LambdaAPI
import Logging
import NIOCore
import SigV4
import Testing
import Worker

/// A server with users.
@Suite struct AuthorizationTests {
    static let user = User(
        name: "ci", accessKeyID: "AKIDCI", secretAccessKey: "0123456789abcdef",
        grants: [
            User.Grant(actions: [Pattern("lambda:Invoke*"), Pattern("lambda:Get*")], functions: [Pattern("f")]),
            User.Grant(actions: [Pattern("lambda:ListFunctions")], functions: [Pattern("*")]),
            User.Grant(
                actions: [Pattern("lambda:CreateFunction"), Pattern("logs:FilterLogEvents")],
                functions: [Pattern("team-*")]),
        ])

    /// May nothing, but for what the policy of f lets him do.
    static let guest = User(
        name: "guest", accessKeyID: "AKIDGUEST", secretAccessKey: "fedcba9876543210", grants: [])
    private static let policy = FunctionPolicy(
        revisionID: "r",
        statements: ["lambda:InvokeFunction", "lambda:UpdateFunctionCode"].map { action in
            PolicyStatement(
                id: action, action: action, principal: .identity("arn:aws:iam::123456789012:user/guest"))
        })

    static let service = FakeLambdaService(
        functions: [.sample(name: "f"), .sample(name: "g")], policy: policy, urls: [FunctionURLTests.url(.iam)])

    static func server() -> LambdaServer {
        var configuration = LambdaServer.Configuration(
            port: 0, abilities: ServerAbilities(runtimes: ["python3.11"]))
        configuration.authenticator = Authenticator(users: UserDirectory([user, guest]), region: "us-east-1")
        return LambdaServer(
            service: service.service, configuration: configuration,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Sends what was signed over `signedBody`.
    static func send(
        _ method: HTTPRequest.Method, _ path: String, body: String = "", signing signedBody: String? = nil,
        by user: User = user, isSigned: Bool = true, at time: SigningTime = .now(), service: String = "lambda",
        headers: [(name: String, value: String)] = []
    ) async throws -> TestResponse {
        try await server().application().test(.live) { client in
            let parts = path.split(separator: "?", maxSplits: 1)
            var fields: HTTPFields = [:]
            for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
            if isSigned {
                let request = SignedRequest(
                    method: method.rawValue, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : "",
                    headers: [("host", "localhost")] + headers,
                    payload: PayloadHash(of: Array((signedBody ?? body).utf8)))
                let signer = RequestSigner(
                    credentials: SigningCredentials(
                        accessKeyID: user.accessKeyID, secretAccessKey: user.secretAccessKey),
                    region: "us-east-1", service: service)
                for (name, value) in signer.headers(for: request, at: time) {
                    if let name = HTTPField.Name(name) { fields[name] = value }
                }
            }
            return try await client.execute(
                uri: path, method: method, headers: fields,
                body: body.isEmpty ? nil : ByteBuffer(string: body))
        }
    }

    static let invocations = "/2015-03-31/functions/f/invocations"

    @Test("what a user signed and may do is done, by name and by ARN")
    func allowed() async throws {
        for path in [
            Self.invocations,
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/invocations",
        ] {
            let response = try await Self.send(.post, path, body: #"{"a":1}"#)
            #expect(response.status == .ok && response.text == #"{"a":1}"#, "\(response.text)")
        }
        #expect(try await Self.send(.get, "/2015-03-31/functions?MaxItems=5").status == .ok)
        #expect(try await Self.send(.get, "/healthz", isSigned: false).status == .ok)
    }

    @Test("what a user may not do is refused as IAM refuses it")
    func denied() async throws {
        let other = try await Self.send(.post, "/2015-03-31/functions/g/invocations", body: "{}")
        #expect(other.status == .forbidden && other.header("x-amzn-ErrorType") == "AccessDeniedException")
        #expect(
            other.text.contains(
                """
                User: arn:aws:iam::123456789012:user/ci is not authorized to perform: lambda:InvokeFunction on resource: \
                arn:aws:lambda:us-east-1:123456789012:function:g because no identity-based policy allows the \
                lambda:InvokeFunction action
                """))
        #expect(try await Self.send(.delete, "/2015-03-31/functions/f").status == .forbidden)
        #expect(try await Self.send(.get, "/2015-03-31/nothing").status == .notFound)
        let configurations = "/2019-09-30/functions/f/provisioned-concurrency"
        #expect(try await Self.send(.get, configurations + "?Qualifier=1").status == .notFound)
        for (path, action) in [
            (configurations + "?List=ALL", "ListProvisionedConcurrencyConfigs"), ("/2018-10-31/layers", "ListLayers"),
        ] {
            let list = try await Self.send(.get, path)
            #expect(list.status == .forbidden && list.text.contains("perform: lambda:\(action) on"), "\(list.text)")
        }
    }

    @Test("whom the policy of a function lets in may do there what it says, and no more")
    func policies() async throws {
        let streamed = "/2021-11-15/functions/f/response-streaming-invocations"
        for path in [Self.invocations, Self.invocations + "?Qualifier=%24LATEST", streamed] {
            let response = try await Self.send(.post, path, body: "{}", by: Self.guest)
            #expect(response.status == .ok, "\(response.text)")
        }
        let code = "/2015-03-31/functions/f/code"
        let forged = User(name: "guest", accessKeyID: "AKIDGUEST", secretAccessKey: "0123456789abcdef", grants: [])
        for (user, type) in [(Self.guest, "InvalidParameterValueException"), (forged, "InvalidSignatureException")] {
            let response = try await Self.send(.put, code, body: "{}", by: user)
            #expect(response.header("x-amzn-ErrorType") == type, "\(response.text)")
        }
        for path in ["/2015-03-31/functions/g/invocations", "/2015-03-31/functions/f/versions"] {
            let response = try await Self.send(.post, path, body: "{}", by: Self.guest)
            #expect(response.status == .forbidden && response.text.contains("because no identity-based policy allows"))
        }
    }

    @Test("a function URL with AWS_IAM is for those who sign and may call it")
    func url() async throws {
        let path = FunctionURLTests.path + "/a%20b?x=1"
        let response = try await Self.send(.post, path, body: "text", headers: [("content-type", "text/plain")])
        #expect(response.status == .ok, "\(response.text)")
        let context = try #require(try response.json["requestContext"]?.text)
        #expect(context.contains("userArn: arn:aws:iam::123456789012:user/ci") && context.contains("accessKey: AKIDCI"))
        for refused in [
            try await Self.send(.post, path, body: "text", by: Self.guest),
            try await Self.send(.post, path, body: "text", isSigned: false),
            try await Self.send(.post, path, body: "text", signing: "TEXT"),
            try await Self.send(.post, path, body: "text", service: "s3"),
        ] {
            #expect(refused.status == .forbidden && refused.text.contains("Forbidden. For troubleshooting"))
        }
    }

    @Test("nobody else gets in")
    func strangers() async throws {
        func type(_ response: TestResponse) -> String? {
            #expect(response.status == .forbidden)
            return response.header("x-amzn-ErrorType")
        }
        let unknown = User(name: "x", accessKeyID: "AKIDNO", secretAccessKey: "0123456789abcdef", grants: [])
        let thief = User(name: "x", accessKeyID: "AKIDCI", secretAccessKey: "0123456789abcdeF", grants: [])
        #expect(
            type(try await Self.send(.post, Self.invocations, body: "{}", isSigned: false))
                == "MissingAuthenticationTokenException")
        #expect(
            type(try await Self.send(.post, Self.invocations, body: "{}", by: unknown)) == "UnrecognizedClientException"
        )
        #expect(
            type(try await Self.send(.post, Self.invocations, body: "{}", by: thief)) == "InvalidSignatureException")
        #expect(
            type(try await Self.send(.post, Self.invocations, body: "{}", signing: "{ }"))
                == "InvalidSignatureException")
        #expect(
            type(try await Self.send(.post, Self.invocations, body: "{}", at: SigningTime.now().later(by: -301)))
                == "InvalidSignatureException")
        #expect(
            type(try await Self.send(.get, "/_thaw/code/f/%24LATEST", isSigned: false)) == "AccessDeniedException")
    }

    @Test(
        "what is no signature yet is told in AWS's words",
        arguments: [
            ("Bearer abc", "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 "),
            (
                "AWS4-HMAC-SHA256 Signature=b",
                """
                Authorization header requires 'Credential' parameter. Authorization header requires 'SignedHeaders' parameter. \
                Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and \
                encoded with Base64) Authorization=
                """
            ),
        ])
    func incomplete(authorization: String, text: String) async throws {
        let response = try await Self.send(
            .get, "/2015-03-31/functions", isSigned: false, headers: [("authorization", authorization)])
        #expect(response.status == .forbidden)
        #expect(response.header("x-amzn-ErrorType") == "IncompleteSignatureException")
        #expect(try response.json["message"]?.text.hasPrefix(text) == true, "\(response.text)")
        #expect(!response.text.contains("abc"))
    }

    @Test("signatures for elsewhere are told where they are for")
    func elsewhere() async throws {
        let response = try await Self.send(.get, "/2015-03-31/functions", service: "s3")
        #expect(response.header("x-amzn-ErrorType") == "InvalidSignatureException")
        #expect(response.text.contains("Credential should be scoped to correct service: 'lambda'. "))
    }

    static func logs(_ group: String, isSigned: Bool = true) async throws -> TestResponse {
        try await send(
            .post, "/", body: #"{"logGroupName":"\#(group)"}"#, isSigned: isSigned, service: "logs",
            headers: [
                ("x-amz-target", "Logs_20140328.FilterLogEvents"), ("content-type", "application/x-amz-json-1.1"),
            ])
    }

    @Test("logs are read by those who may, and refused in their own protocol")
    func logs() async throws {
        for (response, type) in [
            (try await Self.logs("/aws/lambda/team-a"), "ResourceNotFoundException"),
            (try await Self.logs("/aws/lambda/other"), "AccessDeniedException"),
            (try await Self.logs("/elsewhere/aws/lambda/team-a"), "AccessDeniedException"),
            (try await Self.logs("/aws/lambda/team-a", isSigned: false), "MissingAuthenticationTokenException"),
        ] {
            #expect(response.status == .badRequest)
            #expect(try response.json["__type"]?.text == type, "\(response.text)")
        }
    }

    @Test("calls of other services are refused in their own protocol, with a signature or without")
    func foreign() async throws {
        let response = try await Self.send(
            .post, "/", body: "{}", service: "dynamodb", headers: [("x-amz-target", "DynamoDB_20120810.ListTables")])
        #expect(response.status == .notFound)
        #expect(try response.json["__type"]?.text == "UnknownOperationException")
    }

    static func creation(_ name: String) -> String {
        """
        {"FunctionName":"\(name)","Runtime":"python3.11","Handler":"a.b","Role":"arn:aws:iam::123456789012:role/r",\
        "Code":{"ZipFile":"UEs="}}
        """
    }

    @Test("an upload whose signature does not hold, or whose function is not the user's, changes nothing")
    func uploads() async throws {
        let body = Self.creation("team-h")
        let forged = try await Self.send(.post, "/2015-03-31/functions", body: body, signing: body + " ")
        #expect(forged.header("x-amzn-ErrorType") == "InvalidSignatureException", "\(forged.text)")
        let foreign = try await Self.send(.post, "/2015-03-31/functions", body: Self.creation("other"))
        #expect(foreign.header("x-amzn-ErrorType") == "AccessDeniedException", "\(foreign.text)")
        #expect(foreign.text.contains("function:other because no identity-based policy allows"))
        #expect(Self.service.seen.created == nil)
        let signed = try await Self.send(.post, "/2015-03-31/functions", body: Self.creation("team-i"))
        #expect(signed.status == .created, "\(signed.text)")
        #expect(Self.service.seen.created?.functionName == "team-i")
    }

    /// Sends a body as one signed chunk and an empty one.
    static func sendChunks(_ path: String, signing signed: String, sending sent: String) async throws -> TestResponse {
        let signer = RequestSigner(
            credentials: SigningCredentials(
                accessKeyID: user.accessKeyID, secretAccessKey: user.secretAccessKey),
            region: "us-east-1", service: "lambda")
        let time = SigningTime.now()
        let headers = signer.headers(
            for: SignedRequest(method: "POST", path: path, headers: [("host", "localhost")], payload: .streaming),
            at: time)
        var chunks = try #require(headers.last.flatMap { signer.chunkSigner(after: $0.value, at: time) })
        var body =
            "\(String(signed.utf8.count, radix: 16));chunk-signature=\(chunks.sign(Array(signed.utf8)))\r\n\(sent)\r\n"
        body += "0;chunk-signature=\(chunks.sign([]))\r\n\r\n"
        var fields: HTTPFields = [:]
        for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
        return try await server().application().test(.live) { [fields, body] client in
            try await client.execute(uri: path, method: .post, headers: fields, body: ByteBuffer(string: body))
        }
    }

    @Test("a body in signed chunks is what is in them")
    func chunks() async throws {
        let whole = try await Self.sendChunks(Self.invocations, signing: #"{"a":1}"#, sending: #"{"a":1}"#)
        #expect(whole.status == .ok && whole.text == #"{"a":1}"#, "\(whole.text)")
        let create = Self.creation("team-c")
        let changed = [
            try await Self.sendChunks(Self.invocations, signing: #"{"a":1}"#, sending: #"{"a":2}"#),
            try await Self.sendChunks(
                "/2015-03-31/functions", signing: create, sending: create.replacing("team-c", with: "team-d")),
        ]
        for response in changed {
            #expect(response.header("x-amzn-ErrorType") == "InvalidSignatureException", "\(response.text)")
        }
    }

    @Test("every action of the model has a name, and aliases of paths have the same")
    func names() {
        #expect(ActionName.of(.post, "/2015-03-31/functions/{FunctionName}/invocations") == "lambda:InvokeFunction")
        #expect(ActionName.of(.get, "/2015-03-31/functions/{Other}/") == "lambda:GetFunction")
        #expect(ActionName.of(.get, "/2015-03-31/functions") == "lambda:ListFunctions")
        #expect(ActionName.of(.delete, "/2017-03-31/tags/{Resource}") == "lambda:UntagResource")
        #expect(ActionName.of(.get, "/_thaw/sandboxes") == nil)
        for action in UnservedRoutes.unservedActions {
            #expect(ActionName.of(action.method, "/\(action.path)") != nil, "\(action.name)")
        }
    }
}
