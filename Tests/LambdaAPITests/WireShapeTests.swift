import FunctionModel
import HTTPTypes
import HummingbirdTesting
import LambdaAPI
import NIOCore
import Testing

/// What the API says of a function, member by member.
@Suite struct WireShapeTests {
    @Test("A ready SnapStart version has exactly the members that AWS sends")
    func readyVersion() async throws {
        var version = FunctionConfiguration.sample(version: .published(1))
        version.description = "version1"
        version.snapStart = SnapStart(applyOn: .publishedVersions, optimizationStatus: .on)
        version.runtimeVersionARN = "arn:aws:lambda:us-east-1::runtime:0123"
        version.environment = ["b/": "2", "A": "1"]
        let response = try await APITester(FakeLambdaService(functions: [version])).send(
            .get, "/2015-03-31/functions/f/configuration?Qualifier=1")
        #expect(response.status == .ok)
        #expect(response.header("content-type") == "application/json")
        #expect(
            response.text == """
                {"Architectures":["x86_64"],"CodeSha256":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","CodeSize":276,\
                "Description":"version1","Environment":{"Variables":{"A":"1","b/":"2"}},"EphemeralStorage":{"Size":512},\
                "FunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:f:1","FunctionName":"f",\
                "Handler":"app.handler","LastModified":"2026-01-12T15:32:08.250+0000","LastUpdateStatus":"Successful",\
                "LoggingConfig":{"LogFormat":"Text","LogGroup":"/aws/lambda/f"},"MemorySize":128,"PackageType":"Zip",\
                "RevisionId":"3b1e7c1a-57a5-4a0c-9a4c-1f6f0f9f4d10","Role":"arn:aws:iam::123456789012:role/r",\
                "Runtime":"python3.11","RuntimeVersionConfig":{"RuntimeVersionArn":"arn:aws:lambda:us-east-1::runtime:0123"},\
                "SnapStart":{"ApplyOn":"PublishedVersions","OptimizationStatus":"On"},"State":"Active","Timeout":3,\
                "TracingConfig":{"Mode":"PassThrough"},"Version":"1"}
                """)
    }

    @Test("A container image has its names, and no runtime")
    func containerImage() async throws {
        var function = FunctionConfiguration.sample(version: .latest)
        let digest = String(repeating: "a", count: 64)
        function.setImage(
            FunctionImage(
                uri: "host/app:1", resolvedURI: "host/app@sha256:\(digest)", digest: digest, size: 9,
                declared: ImageDeclaration(), settings: ImageSettings(command: ["x"])))
        let response = try await APITester(FakeLambdaService(functions: [function])).send(
            .get, "/2015-03-31/functions/f")
        #expect(
            response.text.contains(
                #""Code":{"ImageUri":"host/app:1","RepositoryType":"ECR","ResolvedImageUri":"host/app@sha256:\#(digest)"}"#
            ))
        #expect(response.text.contains(#""ImageConfigResponse":{"ImageConfig":{"Command":["x"]}}"#))
        #expect(
            response.text.contains(#""PackageType":"Image""#) && response.text.contains(#""CodeSha256":"\#(digest)""#))
        #expect(!response.text.contains("Runtime") && !response.text.contains("Handler"))
    }

    /// Members of the answer that tell the state; those not named must be absent.
    static let states: [(FunctionState, LastUpdate?, [String: JSONText])] = [
        (.active, .successful, ["State": "Active", "LastUpdateStatus": "Successful"]),
        (
            .active, .inProgress(.creating),
            [
                "State": "Active", "LastUpdateStatus": "InProgress",
                "LastUpdateStatusReason": "The function is being created.", "LastUpdateStatusReasonCode": "Creating",
            ]
        ),
        (
            .inactive(StateReason(code: "Idle", message: "idle")), .successful,
            ["State": "Inactive", "StateReason": "idle", "StateReasonCode": "Idle", "LastUpdateStatus": "Successful"]
        ),
        (
            .failed(StateReason(code: "FunctionError.InitTimeout", message: "late")),
            .failed(StateReason(code: "FunctionError.InitTimeout", message: "late")),
            [
                "State": "Failed", "StateReason": "late", "StateReasonCode": "FunctionError.InitTimeout",
                "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "late",
                "LastUpdateStatusReasonCode": "FunctionError.InitTimeout",
            ]
        ),
    ]

    @Test("State and update status are told with their reasons, and without when there are none", arguments: states)
    func toldStates(state: FunctionState, update: LastUpdate?, expected: [String: JSONText]) async throws {
        let function = FunctionConfiguration.sample(state: state, lastUpdate: update)
        let json = try await APITester(FakeLambdaService(functions: [function])).send(
            .get, "/2015-03-31/functions/f/configuration"
        ).json
        #expect(json.filter { $0.key.hasPrefix("State") || $0.key.hasPrefix("LastUpdate") } == expected)
    }

    @Test(
        "A pending function's update is in progress, and untold when strict",
        arguments: [(false, JSONText?.some("InProgress")), (true, nil)])
    func pending(strict: Bool, expected: JSONText?) async throws {
        let function = FunctionConfiguration.sample(state: .pending(.creating), lastUpdate: nil)
        let tester = APITester(FakeLambdaService(functions: [function]), strictLastUpdateStatus: strict)
        let json = try await tester.send(.get, "/2015-03-31/functions/f/configuration").json
        #expect(json["LastUpdateStatus"] == expected)
        #expect(json["State"] == "Pending")
        #expect(json["StateReason"] == "The function is being created.")
        #expect(json["StateReasonCode"] == "Creating")
    }

    @Test("An Environment that was given is shown, also when it is empty")
    func emptyEnvironment() async throws {
        var function = FunctionConfiguration.sample()
        function.isEnvironmentGiven = true
        let json = try await APITester(FakeLambdaService(functions: [function])).send(
            .get, "/2015-03-31/functions/f/configuration"
        ).json
        #expect(json["Environment"] == "{Variables: {}}")
    }

    @Test(
        "LoggingConfig has levels with JSON only, and the function's own group unless told",
        arguments: [
            (LoggingMembers(), "{LogFormat: Text, LogGroup: /aws/lambda/f}"),
            (LoggingMembers(group: "cool"), "{LogFormat: Text, LogGroup: cool}"),
            (
                LoggingMembers(format: "JSON"),
                "{ApplicationLogLevel: INFO, LogFormat: JSON, LogGroup: /aws/lambda/f, SystemLogLevel: INFO}"
            ),
            (
                LoggingMembers(format: "JSON", systemLevel: "DEBUG"),
                "{ApplicationLogLevel: INFO, LogFormat: JSON, LogGroup: /aws/lambda/f, SystemLogLevel: DEBUG}"
            ),
        ] as [(LoggingMembers, JSONText)])
    func logging(members: LoggingMembers, expected: JSONText) async throws {
        var function = FunctionConfiguration.sample()
        var logging = LoggingConfiguration.standard
        logging.set(members)
        function.logging = logging
        let json = try await APITester(FakeLambdaService(functions: [function])).send(
            .get, "/2015-03-31/functions/f/configuration"
        ).json
        #expect(json["LoggingConfig"] == expected)
        logging.set(LoggingMembers(format: "Text"))
        #expect(logging == LoggingConfiguration(format: .text, group: members.group))
    }

    @Test("A function of another account is refused with no message at all, as AWS does")
    func foreignAccount() async throws {
        let response = try await APITester(FakeLambdaService()).send(
            .get, "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af")
        #expect(response.status.code == 403)
        #expect(response.text == #"{"Message":null}"#)
    }

    @Test("Too large an environment is told in the request's order")
    func environmentOrder() async throws {
        let large = String(repeating: "x", count: 4_100)
        let body =
            #"{"Other": [{"a": "]\"}"}], "Environment": {"Variables": {"SMALL":"ok", "LARGE" : "\#(large)","A1":""}}}"#
        let response = try await APITester(FakeLambdaService(functions: [.sample()])).send(
            .put, "/2015-03-31/functions/f/configuration", body: body)
        #expect(response.status == .badRequest)
        #expect(response.text.contains(#"String measured: {\"SMALL\":\"ok\",\"LARGE\":\"\#(large)\",\"A1\":\"\"}"#))
    }

    @Test("What is unset is left out, never null")
    func unset() async throws {
        let response = try await APITester(FakeLambdaService(functions: [.sample()])).send(
            .get, "/2015-03-31/functions/f/configuration")
        #expect(!response.text.contains("null"))
        let json = try response.json
        #expect(json["Environment"] == nil)
        #expect(json["RuntimeVersionConfig"] == nil)
        #expect(json["Description"] == "")
    }
}
