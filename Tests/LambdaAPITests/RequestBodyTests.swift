import FunctionModel
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LambdaAPI
import NIOCore
import Testing
import Worker

/// What CreateFunction and the updates make of their bodies.
@Suite struct RequestBodyTests {
    static let functions = "/2015-03-31/functions"
    /// Of the four bytes that are sent as `UEsDBA==`.
    static let zip = CodeReference(sha256: "jcx+YBYGIX87dUdmURGCqRaxfpomqUydiHEE66kum7I=", size: 4)

    static func creation(_ more: String = "", code: String = #"{"ZipFile":"UEsDBA=="}"#) -> String {
        """
        {"FunctionName":"new","Runtime":"python3.11","Role":"arn:aws:iam::123456789012:role/r",\
        "Handler":"app.handler","Code":\(code)\(more)}
        """
    }

    @Test("CreateFunction answers 201 Pending and hands every member on")
    func create() async throws {
        let service = FakeLambdaService()
        let response = try await APITester(service).send(
            .post, Self.functions,
            body: Self.creation(
                """
                ,"Description":"d","Timeout":30,"MemorySize":512,"EphemeralStorage":{"Size":1024},
                "Environment":{"Variables":{"KEY_A":"1","keyB":""}},"Architectures":["x86_64"],"Publish":true,
                "TracingConfig":{"Mode":"Active"},"SnapStart":{"ApplyOn":"PublishedVersions"},"Tags":{"team":"a"},
                "PackageType":"Zip","LoggingConfig":{"LogFormat":"Text"},"Layers":[],"KMSKeyArn":"","Unknown":{"x":1},
                "VpcConfig":{"SubnetIds":[],"SecurityGroupIds":[],"Ipv6AllowedForDualStack":false},
                "DeadLetterConfig":{"TargetArn":null},"FileSystemConfigs":null
                """))
        #expect(response.status == .created)
        #expect(try response.json["State"] == "Pending")
        #expect(try response.json["FunctionArn"] == "arn:aws:lambda:us-east-1:123456789012:function:new")

        let request = try #require(service.seen.created)
        #expect(request.functionName == "new" && request.runtime == "python3.11" && request.handler == "app.handler")
        #expect(request.code.reference == Self.zip)
        #expect(request.publish && request.tags == ["team": "a"])
        #expect(request.settings.description == "d" && request.settings.timeout == 30)
        #expect(request.settings.memorySize == 512 && request.settings.ephemeralStorage == 1024)
        #expect(request.settings.environment == ["KEY_A": "1", "keyB": ""])
        #expect(request.settings.architectures == ["x86_64"] && request.settings.tracingMode == "Active")
        #expect(request.settings.snapStart == .publishedVersions)
    }

    @Test("Members that were not given stay that way")
    func createMinimal() async throws {
        let service = FakeLambdaService()
        #expect(
            try await APITester(service).send(.post, "/2015-03-31/functions/", body: Self.creation()).status == .created
        )
        let settings = try #require(service.seen.created).settings
        #expect(settings.description == nil && settings.timeout == nil && settings.memorySize == nil)
        #expect(settings.environment == nil && settings.snapStart == nil && settings.tracingMode == nil)
        #expect(settings.vpc == nil)
    }

    @Test("A function's name may come as an ARN")
    func createByARN() async throws {
        let service = FakeLambdaService()
        let body = Self.creation().replacing(
            #""FunctionName":"new""#, with: #""FunctionName":"arn:aws:lambda:us-east-1:123456789012:function:new""#)
        #expect(try await APITester(service).send(.post, Self.functions, body: body).status == .created)
        #expect(service.seen.created?.functionName == "new")
    }

    private static func image(_ more: String = "", code: String = #"{"ImageUri":"i"}"#) -> String {
        #"{"FunctionName":"new","Role":"arn:aws:iam::123456789012:role/r","PackageType":"Image","Code":\#(code)\#(more)}"#
    }

    @Test("A container image comes with neither runtime nor handler")
    func createImage() async throws {
        let service = FakeLambdaService()
        let body = Self.image(#","ImageConfig":{"EntryPoint":["a"],"Command":[],"WorkingDirectory":"/w"}"#)
        #expect(try await APITester(service).send(.post, Self.functions, body: body).status == .created)
        let created = try #require(service.seen.created)
        #expect(created.imageURI == "i")
        #expect(created.settings.image == ImageSettings(entryPoint: ["a"], workingDirectory: "/w"))
    }

    /// Body, error type, and a part of the message.
    static let refused: [(String, String, String)] = [
        ("", "ValidationException", "Value null at 'functionName'"),
        ("{}", "ValidationException", "3 validation errors detected"),
        ("{", "SerializationException", "Could not parse request body into json"),
        ("[]", "SerializationException", "not of type"),
        ("nonsense", "SerializationException", "Could not parse request body into json"),
        (creation(#","Timeout":"soon""#), "SerializationException", "STRING_VALUE can not be converted to an Integer"),
        (creation(#","Publish":1"#), "SerializationException", "NUMBER_VALUE can not be converted to a Boolean"),
        (
            creation(#","Environment":{"Variables":{"AB":1}}"#), "SerializationException",
            "NUMBER_VALUE can not be converted to a String"
        ),
        (creation(#","Tags":["a"]"#), "SerializationException", "Start of list found where not expected"),
        (creation(code: #"{"ZipFile":"***"}"#), "SerializationException", "'Code.ZipFile'"),
        (creation(code: #"{"ZipFile":""}"#), "InvalidParameterValueException", "Could not unzip uploaded file"),
        (creation(code: "{}"), "InvalidParameterValueException", "Please provide a source for function code."),
        (creation(code: #"{"S3Bucket":"bucket","S3Key":"k"}"#), "InvalidParameterValueException", "ZipFile"),
        (
            creation(code: #"{"ImageUri":"i"}"#), "InvalidParameterValueException",
            "Please provide a source for function code."
        ),
        (
            creation(#","PackageType":"Image""#), "InvalidParameterValueException",
            "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."
        ),
        (
            image(code: "{}"), "InvalidParameterValueException",
            "Please provide ImageUri when creating a function with packageType Image."
        ),
        (image(code: #"{"ImageUri":"i","S3Bucket":"bucket"}"#), "InvalidParameterValueException", "ZipFile, S3Bucket"),
        (
            image(#","Layers":["arn:aws:lambda:us-east-1:123456789012:layer:l:1"]"#), "InvalidParameterValueException",
            "Layer"
        ),
        (image(#","ImageConfig":{"Command":"x"}"#), "SerializationException", "Unexpected value type in payload"),
        (
            image(#","ImageConfig":{"WorkingDirectory":"\#(String(repeating: "d", count: 1001))"}"#),
            "ValidationException", "'imageConfig.workingDirectory'"
        ),
        (creation(#","ImageConfig":{"Command":["x"]}"#), "InvalidParameterValueException", "ImageConfig"),
        (creation(#","PackageType":"Tar""#), "ValidationException", "'packageType'"),
        (creation(#","SnapStart":{"ApplyOn":"Always"}"#), "ValidationException", "[PublishedVersions, None]"),
        (creation(#","TracingConfig":{"Mode":"On"}"#), "ValidationException", "'tracingConfig.mode'"),
        (creation(#","Timeout":0,"MemorySize":1"#), "ValidationException", "2 validation errors detected"),
        (creation(#","Timeout":901"#), "ValidationException", "less than or equal to 900"),
        (creation(#","Architectures":["arm64"]"#), "InvalidParameterValueException", "arm64"),
        (creation(#","Architectures":["vax"]"#), "ValidationException", "'architectures'"),
        (creation(#","Environment":{"Variables":{"AWS_REGION":"x"}}"#), "InvalidParameterValueException", "AWS_REGION"),
        (creation(#","Layers":["arn:aws:lambda:us-east-1:1:layer:l:1"]"#), "ValidationException", "'layers'"),
        (creation(#","VpcConfig":{"SubnetIds":["vpc-1"]}"#), "ValidationException", "'vpcConfig.subnetIds'"),
        (
            creation(#","VpcConfig":{"SubnetIds":"subnet-1"}"#), "SerializationException",
            "Unexpected value type in payload"
        ),
        (creation(#","KMSKeyArn":"arn:aws:kms:x"#) + "\"", "SerializationException", "json"),
        (creation(#","KMSKeyArn":"arn:aws:kms:x""#), "InvalidParameterValueException", "KMSKeyArn"),
        (creation(#","LoggingConfig":{"LogFormat":"XML"}"#), "ValidationException", "'loggingConfig.logFormat'"),
        (creation(#","LoggingConfig":{"LogGroup":"a b"}"#), "ValidationException", "'loggingConfig.logGroup'"),
        (
            creation(#","LoggingConfig":{"SystemLogLevel":"TRACE"}"#), "ValidationException",
            "Member must satisfy enum value set: [DEBUG, INFO, WARN]"
        ),
        (creation().replacing("python3.11", with: "nodejs20.x"), "InvalidParameterValueException", "nodejs20.x"),
        (creation().replacing("python3.11", with: "cobol"), "InvalidParameterValueException", "cobol"),
        (creation().replacing(#""Runtime":"python3.11","#, with: ""), "InvalidParameterValueException", "mandatory"),
        (
            creation().replacing(#""Role":"arn:aws:iam::123456789012:role/r","#, with: ""), "ValidationException",
            "'role'"
        ),
        (creation().replacing("arn:aws:iam::123456789012:role/r", with: "me"), "ValidationException", "'role'"),
        (creation().replacing(#""new""#, with: #""a b""#), "ValidationException", "'functionName'"),
        (creation().replacing(#""new""#, with: "null"), "ValidationException", "Value null at 'functionName'"),
    ]

    @Test("A creation that cannot be is refused before the worker hears of it", arguments: refused)
    func refuses(body: String, type: String, message: String) async throws {
        let service = FakeLambdaService()
        let response = try await APITester(service).send(.post, Self.functions, body: body)
        #expect(response.status == .badRequest)
        #expect(response.header("x-amzn-ErrorType") == type)
        #expect(try response.errorMessage.contains(message), "\(response.text)")
        #expect(service.seen.created == nil)
    }

    @Test(
        "An upload above AWS's limit is refused by its size",
        arguments: [(HTTPRequest.Method.post, ""), (.put, "/f/code")])
    func tooLarge(method: HTTPRequest.Method, path: String) async throws {
        let response = try await APITester(FakeLambdaService(functions: [.sample()])).send(
            method, Self.functions + path, body: String(repeating: " ", count: 70_167_212))
        #expect(response.status.code == 413)
        #expect(response.header("x-amzn-ErrorType") == "RequestEntityTooLargeException")
        #expect(response.text.contains("Request must be smaller than 70167211 bytes for the"))
    }

    /// Clients that send in chunks tell no length; others tell one that the body then has.
    @Test(
        "A body is read up to its limit, told ahead or not",
        arguments: [(nil, 10, 10), (nil, 11, nil), ("10", 10, 10), ("11", 11, nil), ("11", 0, nil), ("x", 3, 3)]
            as [(String?, Int, Int?)])
    func bodyLimit(told: String?, size: Int, expected: Int?) async throws {
        var head = HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/")
        head.headerFields[.contentLength] = told
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(repeating: 0, count: size)))
        let tooLarge = LambdaError(code: .requestTooLarge, message: "")
        do {
            let body = try await request.wholeBody(limit: 10) { _ in tooLarge }
            #expect(body.count == expected)
        } catch let error as LambdaError {
            #expect(error == tooLarge && expected == nil)
        }
    }

    @Test("UpdateFunctionCode hands its members on", arguments: [(true, ":2"), (false, "")])
    func updateCode(publish: Bool, suffix: String) async throws {
        let service = FakeLambdaService(functions: [.sample()])
        let response = try await APITester(service).send(
            .put, "/2015-03-31/functions/f/code",
            body:
                #"{"ZipFile":"UEsDBA==","Publish":\#(publish),"DryRun":true,"RevisionId":"r","Architectures":["x86_64"]}"#
        )
        #expect(response.status == .ok)
        #expect(try response.json["FunctionArn"]?.text.hasSuffix(":function:f\(suffix)") == true)
        let request = try #require(service.seen.codeUpdate)
        #expect(request.functionName == "f" && request.code.reference == Self.zip)
        #expect(request.publish == publish && request.dryRun && request.revisionID == "r")
    }

    @Test("UpdateFunctionConfiguration hands its members on, and an empty Environment removes the variables")
    func updateConfiguration() async throws {
        let service = FakeLambdaService(functions: [.sample()])
        let response = try await APITester(service).send(
            .put, "/2015-03-31/functions/f/configuration",
            body: #"{"Handler":"b.handler","Environment":{},"SnapStart":{"ApplyOn":"None"},"RevisionId":"r"}"#)
        #expect(try response.json["LastUpdateStatus"] == "InProgress")
        let request = try #require(service.seen.configurationUpdate)
        #expect(request.handler == "b.handler" && request.runtime == nil && request.role == nil)
        #expect(request.settings.environment == [:] && request.settings.snapStart == SnapStart.ApplyOn.none)
        #expect(request.revisionID == "r")
    }

    @Test(
        "An update that cannot be is refused",
        arguments: [
            ("code", "{}", "Please provide a source for function code."),
            ("code", #"{"S3Bucket":"bucket"}"#, "Please provide a source"),
            ("code", #"{"ZipFile":"UEsDBA==","Architectures":["arm64"]}"#, "arm64"),
            ("code", #"{"ZipFile":7}"#, "'ZipFile' is not of type String"),
            ("configuration", #"{"Timeout":0}"#, "'timeout'"), ("configuration", #"{"Runtime":"cobol"}"#, "cobol"),
            ("configuration", #"{"SnapStart":{"ApplyOn":"x"}}"#, "'snapStart.applyOn'"),
            ("configuration", #"{"Layers":["l"]}"#, "'layers'"), ("configuration", "7", "not of type"),
            ("versions", #"{"PublishTo":"LATEST_PUBLISHED"}"#, "PublishTo"),
            ("versions", #"{"Description":[]}"#, "Start of list found where not expected"),
        ])
    func refusedUpdates(action: String, body: String, message: String) async throws {
        let response = try await APITester(FakeLambdaService(functions: [.sample()])).send(
            action == "versions" ? .post : .put, "/2015-03-31/functions/f/\(action)", body: body)
        #expect(response.status == .badRequest)
        #expect(try response.errorMessage.contains(message), "\(response.text)")
    }
}
