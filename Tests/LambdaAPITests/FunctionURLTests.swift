import FunctionModel
import HTTPTypes
import HummingbirdTesting
import Testing
import Worker

/// What is called under a function's own URL, here by path.
@Suite struct FunctionURLTests {
    static let id = "abcdefghijklmnopqrstuvwxyz012345"
    static let path = "/_thaw/url/\(id)"

    static func url(
        _ authType: FunctionURL.AuthType = .none, _ cors: CORS? = nil, _ mode: FunctionURL.InvokeMode? = nil
    ) -> FunctionURL {
        FunctionURL(
            id: id, functionName: "f", qualifier: nil, authType: authType, invokeMode: mode, cors: cors,
            created: .sample, lastModified: .sample)
    }

    static let policy = FunctionPolicy(
        revisionID: "r",
        statements: [
            PolicyStatement(
                id: "url", action: "lambda:InvokeFunctionUrl", principal: .everybody,
                urlAuthType: FunctionURL.AuthType.none)
        ])

    static func service(
        _ url: FunctionURL = url(), policy: FunctionPolicy? = policy,
        answer: @escaping @Sendable (InvokeRequest) throws(LambdaError) -> InvokeResponse
    ) -> FakeLambdaService {
        FakeLambdaService(functions: [.sample(name: "f")], policy: policy, urls: [url], answer: answer)
    }

    /// What comes of a function that returns this.
    static func answer(
        _ payload: String, error: String? = nil, _ method: HTTPRequest.Method = .get,
        mode: FunctionURL.InvokeMode? = nil
    ) async throws -> TestResponse {
        try await APITester(
            service(url(.none, nil, mode)) { _ in
                InvokeResponse(
                    executedVersion: .latest, functionError: error, logTail: nil, payload: Array(payload.utf8))
            }
        ).send(method, path + "/")
    }

    /// The event of a request.
    static func event(
        _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields = [:], body: String? = nil
    ) async throws -> [String: JSONText] {
        try await APITester(
            service { request in
                InvokeResponse(executedVersion: .latest, functionError: nil, logTail: nil, payload: request.payload)
            }
        ).send(method, Self.path + path, headers: headers, body: body).json
    }

    @Test("what a function streams is the body, after its prelude if it has one")
    func streams() async throws {
        let plain = try await Self.answer(#"{"statusCode": 201}"#, mode: .responseStream)
        #expect(plain.status == .ok && plain.text == #"{"statusCode": 201}"#)
        #expect(plain.header("content-type") == "application/octet-stream")
        let prelude =
            #"{"statusCode": 202, "headers": {"x-own": "1", "content-type": "text/plain"}, "cookies": ["a=b"]}"#
        let nulls = String(repeating: "\0", count: 8)
        let whole = try await Self.answer(prelude + nulls + "first, second", mode: .responseStream)
        #expect(whole.status == .accepted && whole.text == "first, second")
        #expect(whole.header("content-type") == "text/plain" && whole.header("x-own") == "1")
        #expect(whole.header("set-cookie") == "a=b")
        #expect(try await Self.answer("{not JSON" + nulls, mode: .responseStream).status == .badGateway)
    }

    @Test("a request becomes an event in format 2.0")
    func events() async throws {
        let event = try await Self.event(
            .post, "/pa2%Fth/1?q=query&multi=foo&multi=%2Fbar",
            headers: [.contentType: "application/json", .cookie: "a=1; b=2", .userAgent: "test/echo"],
            body: #"{"foo": "bar"}"#)
        #expect(event["version"] == "2.0" && event["routeKey"] == "$default" && event["isBase64Encoded"] == "false")
        #expect(event["rawPath"] == "/pa2%Fth/1" && event["rawQueryString"] == "q=query&multi=foo&multi=%2Fbar")
        #expect(event["queryStringParameters"] == "{multi: foo,/bar, q: query}")
        #expect(event["cookies"] == "[a=1, b=2]" && event["body"] == #"{"foo": "bar"}"#)
        let headers = try #require(event["headers"]?.text)
        #expect(headers.contains("content-type: application/json") && headers.contains("user-agent: test/echo"))
        #expect(headers.contains("x-forwarded-proto: http") && !headers.contains("cookie"))
        let context = try #require(event["requestContext"]?.text)
        #expect(context.contains("accountId: anonymous") && context.contains("apiId: \(Self.id)"))
        #expect(context.contains("method: POST") && context.contains("protocol: HTTP/1.1"))
    }

    @Test("a request without a body or query has neither in its event")
    func bare() async throws {
        let event = try await Self.event(.get, "")
        #expect(event["body"] == nil && event["queryStringParameters"] == nil && event["cookies"] == nil)
        #expect(event["rawPath"] == "/" && event["rawQueryString"] == "" && event["isBase64Encoded"] == "false")
    }

    @Test(
        "a body is base64 unless its type says that it is text",
        arguments: [
            ("text/plain", false), ("application/json; charset=utf-8", false), ("application/vnd.api+json", false),
            ("application/xml", false), ("application/octet-stream", true), ("multipart/form-data; boundary=x", true),
            ("application/x-www-form-urlencoded", true), (nil, true),
        ] as [(String?, Bool)])
    func bodies(type: String?, isBase64: Bool) async throws {
        let event = try await Self.event(.post, "/", headers: type.map { [.contentType: $0] } ?? [:], body: "text")
        #expect(event["isBase64Encoded"]?.text == "\(isBase64)")
        #expect(event["body"] == (isBase64 ? "dGV4dA==" : "text"))
    }

    /// Recorded on AWS, but for the last rows.
    @Test(
        "what a function returns becomes a response",
        arguments: [
            (#"{"hello": "world"}"#, 200, #"{"hello":"world"}"#),
            (#"{"statusCode": 200, "body": "body123"}"#, 200, "body123"),
            (#"{"statusCode": 200, "body": "{\"hello\": \"world\"}"}"#, 200, #"{"hello": "world"}"#),
            (#"["hello", 3, true]"#, 200, #"["hello",3,true]"#),
            (#""hello""#, 200, "hello"), ("3", 200, "3"), ("3.1", 200, "3.1"), ("true", 200, "true"),
            (#"{"statusCode": "418", "body": "i'm a teapot", "isBase64Encoded": false}"#, 418, "i'm a teapot"),
            (#"{"statusCode": 201, "body": "AAEC", "isBase64Encoded": true}"#, 201, "\0\u{1}\u{2}"),
            (#"{"statusCode": 204}"#, 204, ""),
            (#"{"statusCode": 99, "body": "x"}"#, 502, "Internal Server Error"),
            (#"{"statusCode": "abc"}"#, 502, "Internal Server Error"),
            (#"{"statusCode": 200, "body": "*", "isBase64Encoded": true}"#, 502, "Internal Server Error"),
            (#"{"statusCode": 200, "headers": {"a b": "c"}}"#, 502, "Internal Server Error"),
        ])
    func answers(payload: String, status: Int, text: String) async throws {
        let response = try await Self.answer(payload)
        #expect(Int(response.status.code) == status && response.text == text)
    }

    @Test("headers and cookies are the function's, framing is not")
    func headers() async throws {
        let response = try await Self.answer(
            """
            {"statusCode": 200, "headers": {"Content-Type": "text/html", "X-Own": 7, "Content-Length": "1", \
            "X-Split": "a\\r\\nSet-Cookie: evil"}, "cookies": ["a=1; Secure", "b=2"], "body": "<p>"}
            """)
        #expect(response.header("Content-Type") == "text/html" && response.header("X-Own") == "7")
        #expect(response.headers[values: .setCookie] == ["a=1; Secure", "b=2"] && response.text == "<p>")
        #expect(response.header("x-amzn-Remapped-Content-Length") == "1")
        #expect(response.header("Content-Security-Policy")?.hasPrefix("sandbox") == true)
    }

    @Test("a function that fails is a 502, and a throttled one a 429")
    func failures() async throws {
        let failed = try await Self.answer(#"{"errorMessage":"x"}"#, error: "Unhandled")
        #expect(failed.status == .badGateway && failed.text == "Internal Server Error")
        let throttled = try await APITester(
            Self.service { _ throws(LambdaError) in throw .throttled(.concurrentInvocations) }
        ).send(.get, Self.path)
        #expect(
            throttled.status == .tooManyRequests && throttled.header("x-amzn-ErrorType") == "TooManyRequestsException")
    }

    @Test("who may not call is told so, and nothing runs")
    func forbidden() async throws {
        let message = """
            {"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: \
            https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}
            """
        for (url, policy) in [(Self.url(), nil), (Self.url(.iam), Self.policy)] as [(FunctionURL, FunctionPolicy?)] {
            let service = Self.service(url, policy: policy) { _ throws(LambdaError) in throw .stopped }
            let response = try await APITester(service).send(.post, Self.path, body: "x")
            #expect(response.status == .forbidden && response.text == message)
            #expect(response.header("x-amzn-ErrorType") == "AccessDeniedException" && service.seen.invoked == nil)
        }
        let unknown = try await APITester(FakeLambdaService()).send(.get, Self.path)
        #expect(unknown.status == .forbidden && unknown.text == #"{"Message":null}"#)
    }

    static var cors: CORS {
        var cors = CORS()
        cors.allowOrigins = ["https://a.example", "https://*.b.example"]
        cors.allowMethods = ["GET", "POST"]
        cors.allowHeaders = ["x-own"]
        cors.exposeHeaders = ["x-seen"]
        cors.maxAge = 60
        cors.allowCredentials = true
        return cors
    }

    @Test("a preflight request is answered for the origins that are allowed")
    func preflight() async throws {
        let service = Self.service(Self.url(.iam, Self.cors)) { _ throws(LambdaError) in throw .stopped }
        func ask(_ origin: String) async throws -> TestResponse {
            try await APITester(service).send(
                .options, Self.path + "/x", headers: [.origin: origin, .accessControlRequestMethod: "POST"])
        }
        for origin in ["https://a.example", "https://x.b.example"] {
            let response = try await ask(origin)
            #expect(response.status == .ok && response.header("Access-Control-Allow-Origin") == origin)
            #expect(response.header("Access-Control-Allow-Methods") == "GET,POST")
            #expect(response.header("Access-Control-Allow-Headers") == "x-own")
            #expect(response.header("Access-Control-Max-Age") == "60" && response.header("Vary") == "Origin")
            #expect(response.header("Access-Control-Allow-Credentials") == "true")
        }
        for origin in ["https://b.example", "https://evil.example", "http://a.example", "https://.b.example"] {
            #expect(try await ask(origin).header("Access-Control-Allow-Origin") == nil)
        }
        #expect(service.seen.invoked == nil)
    }

    @Test("the settings stand above what the function says")
    func corsOfAnswers() async throws {
        let service = Self.service(Self.url(.none, Self.cors)) { _ in
            InvokeResponse(
                executedVersion: .latest, functionError: nil, logTail: nil,
                payload: Array(#"{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"*"}}"#.utf8))
        }
        let own = try await APITester(service).send(.get, Self.path, headers: [.origin: "https://a.example"])
        #expect(own.header("Access-Control-Allow-Origin") == "https://a.example")
        #expect(own.header("Access-Control-Expose-Headers") == "x-seen")
        let other = try await APITester(service).send(.get, Self.path, headers: [.origin: "https://evil.example"])
        #expect(other.header("Access-Control-Allow-Origin") == nil)
    }
}

extension LambdaError {
    fileprivate static let stopped = LambdaError.service("must not run")
}
