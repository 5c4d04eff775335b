import FunctionModel
import HTTPTypes
import HummingbirdTesting
import LambdaAPI
import NIOCore
import Testing
import Worker

@Suite struct FunctionRoutesTests {
    static let arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    static let encodedARN = "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af"

    static func service() -> FakeLambdaService {
        FakeLambdaService(
            functions: [.sample(), .sample(version: .published(1))], tags: ["team": "a"], zip: [1, 2, 3])
    }

    @Test(
        "A function is found under every name it has, and its ARN is qualified when the name was",
        arguments: [
            ("/2015-03-31/functions/f/configuration", arn),
            ("/2015-03-31/functions/f/configuration/", arn),
            ("/2015-03-31/functions/f:1/configuration", "\(arn):1"),
            ("/2015-03-31/functions/f%3A1/configuration", "\(arn):1"),
            ("/2015-03-31/functions/f/configuration?Qualifier=1", "\(arn):1"),
            ("/2015-03-31/functions/f/configuration?Qualifier=%24LATEST", "\(arn):$LATEST"),
            ("/2015-03-31/functions/f/configuration?Qualifier=", arn),
            ("/2015-03-31/functions/\(arn)/configuration", arn),
            ("/2015-03-31/functions/\(encodedARN)/configuration", arn),
            ("/2015-03-31/functions/\(encodedARN)%3A1/configuration", "\(arn):1"),
            ("/2015-03-31/functions/123456789012:function:f/configuration", arn),
        ])
    func names(uri: String, expected: String) async throws {
        let response = try await APITester(Self.service()).send(.get, uri)
        #expect(response.status == .ok)
        #expect(try response.json["FunctionArn"]?.text == expected)
    }

    @Test(
        "A name that cannot be one is refused",
        arguments: [
            ("/2015-03-31/functions/a%20b/configuration", 400, "ValidationException"),
            ("/2015-03-31/functions/%ff/configuration", 400, "ValidationException"),
            ("/2015-03-31/functions/a%2Fb/configuration", 400, "ValidationException"),
            ("/2015-03-31/functions/..%2F..%2Fetc/configuration", 400, "ValidationException"),
            ("/2015-03-31/functions/f/configuration?Qualifier=a%20b", 400, "ValidationException"),
            ("/2015-03-31/functions/f:1/configuration?Qualifier=2", 400, "InvalidParameterValueException"),
            ("/2015-03-31/functions/g/configuration", 404, "ResourceNotFoundException"),
            ("/2015-03-31/functions/f/configuration?Qualifier=9", 404, "ResourceNotFoundException"),
        ])
    func refusedNames(uri: String, status: Int, type: String) async throws {
        let response = try await APITester(Self.service()).send(.get, uri)
        #expect(response.status.code == status)
        #expect(response.header("x-amzn-ErrorType") == type)
    }

    @Test("GetFunction gives the configuration, the tags, and where the zip is")
    func getFunction() async throws {
        let tester = APITester(Self.service())
        let response = try await tester.send(.get, "/2015-03-31/functions/f?Qualifier=1")
        let json = try response.json
        #expect(json["Tags"] == "{team: a}")
        #expect(json["Code"]?.text.hasPrefix("{Location: http://") == true)
        #expect(json["Code"]?.text.contains("/_thaw/code/f/1?X-Amz-Algorithm=AWS4-HMAC-SHA256&") == true)
        #expect(json["Configuration"]?.text.contains("FunctionArn: \(Self.arn):1,") == true)

        let zip = try await tester.send(.get, "/_thaw/code/f/1")
        #expect(zip.header("content-type") == "application/zip")
        #expect(Array(buffer: zip.body) == [1, 2, 3])
        #expect(try await tester.send(.get, "/_thaw/code/f/%24LATEST").status == .ok)
        #expect(try await tester.send(.get, "/_thaw/code/f/7").status == .notFound)
    }

    @Test("GetFunction leaves tags out when there are none")
    func noTags() async throws {
        let tester = APITester(FakeLambdaService(functions: [.sample()]))
        #expect(try await tester.send(.get, "/2015-03-31/functions/f").json["Tags"] == nil)
        #expect(try await tester.send(.get, "/2017-03-31/tags/\(Self.encodedARN)").text == #"{"Tags":{}}"#)
    }

    @Test("ListFunctions hands the page on, and its entries tell no state")
    func listFunctions() async throws {
        let service = FakeLambdaService(functions: [.sample(), .sample(version: .published(1))], nextMarker: "m2")
        let tester = APITester(service)
        let json = try await tester.send(.get, "/2015-03-31/functions?Marker=m1&MaxItems=5").json
        #expect(service.seen.page?.marker == "m1")
        #expect(service.seen.page?.maximumItems == 5)
        #expect(json["NextMarker"] == "m2")
        let functions = try #require(json["Functions"]?.text)
        #expect(functions.contains("FunctionArn: \(Self.arn),"))
        #expect(!functions.contains("State:") && !functions.contains("LastUpdateStatus"))

        let all = try await tester.send(.get, "/2015-03-31/functions/?FunctionVersion=ALL").text
        #expect(all.contains("\(Self.arn):$LATEST\"") && all.contains("\(Self.arn):1\""))
    }

    @Test(
        "A page that cannot be is refused",
        arguments: [
            ("MaxItems=0", "ValidationException"), ("MaxItems=10001", "ValidationException"),
            ("MaxItems=-1", "ValidationException"), ("MaxItems=many", "SerializationException"),
            ("FunctionVersion=SOME", "ValidationException"),
        ])
    func refusedPages(query: String, type: String) async throws {
        let response = try await APITester(Self.service()).send(.get, "/2015-03-31/functions?\(query)")
        #expect(response.status == .badRequest)
        #expect(response.header("x-amzn-ErrorType") == type)
    }

    @Test("DeleteFunction answers 204 without a body", arguments: [("f", nil), ("f?Qualifier=1", "1"), ("f:1", "1")])
    func delete(name: String, qualifier: String?) async throws {
        let service = Self.service()
        let response = try await APITester(service).send(.delete, "/2015-03-31/functions/\(name)")
        #expect(response.status == .noContent)
        #expect(response.body.readableBytes == 0)
        #expect(service.seen.deleted == FunctionReference(name: "f", qualifier: qualifier))
    }

    @Test("PublishVersion answers 201 with the version under its ARN", arguments: [nil, "", "{}"])
    func publish(body: String?) async throws {
        let response = try await APITester(Self.service()).send(.post, "/2015-03-31/functions/f/versions", body: body)
        #expect(response.status == .created)
        let json = try response.json
        #expect(json["FunctionArn"]?.text == "\(Self.arn):1")
        #expect(json["Version"] == "1")
        #expect(json["State"] == "Pending")
    }

    @Test("PublishVersion hands its members on")
    func publishMembers() async throws {
        let service = Self.service()
        _ = try await APITester(service).send(
            .post, "/2015-03-31/functions/f/versions",
            body: #"{"CodeSha256":"c","Description":"d","RevisionId":"r","Unknown":1}"#)
        let request = try #require(service.seen.published)
        #expect(request.codeSha256 == "c" && request.description == "d" && request.revisionID == "r")
    }

    @Test("ListVersionsByFunction qualifies every ARN and tells no state")
    func listVersions() async throws {
        let text = try await APITester(Self.service()).send(.get, "/2015-03-31/functions/f/versions").text
        #expect(text.hasPrefix(#"{"Versions":[{"#))
        #expect(text.contains("\(Self.arn):$LATEST\"") && text.contains("\(Self.arn):1\""))
        #expect(!text.contains("\"State\""))
    }

    @Test(
        "Actions on a whole function refuse a version's name",
        arguments: [(HTTPRequest.Method.put, "code"), (.put, "configuration"), (.post, "versions"), (.get, "versions")])
    func qualified(method: HTTPRequest.Method, action: String) async throws {
        let response = try await APITester(Self.service()).send(
            method, "/2015-03-31/functions/f:1/\(action)", body: method == .get ? nil : "{}")
        #expect(response.status == .badRequest)
        #expect(response.header("x-amzn-ErrorType") == "InvalidParameterValueException")
    }

    /// What clients read when they refresh a function.
    @Test(
        "Reads of what no function here has are answered as AWS answers them",
        arguments: [
            ("/2015-03-31/functions/f/aliases/live", 404, "Cannot find alias arn: \(arn):live"),
            ("/2015-03-31/functions/f/policy", 404, "The resource you requested does not exist."),
            ("/2021-10-31/functions/f/url", 404, "The resource you requested does not exist."),
            ("/2019-09-30/functions/f/concurrency", 200, "{}"),
            ("/2020-06-30/functions/f/code-signing-config", 200, "{}"),
            (
                "/2021-07-20/functions/f/runtime-management-config", 200,
                #"{"FunctionArn":"\#(arn)","UpdateRuntimeOn":"Auto"}"#
            ),
            ("/2024-08-31/functions/f/recursion-config", 200, #"{"RecursiveLoop":"Terminate"}"#),
            ("/2015-03-31/event-source-mappings/", 200, #"{"EventSourceMappings":[]}"#),
        ])
    func defaults(uri: String, status: Int, expected: String) async throws {
        let tester = APITester(Self.service())
        let response = try await tester.send(.get, uri)
        #expect(response.status.code == status)
        #expect(status == 200 ? response.text == expected : response.text.contains(expected))
        if uri.contains("/f/") {
            #expect(try await tester.send(.get, uri.replacing("/f/", with: "/gone/")).status == .notFound)
        }
    }
}
