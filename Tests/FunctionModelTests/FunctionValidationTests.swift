import FunctionModel
import Testing

private let server = ServerAbilities(runtimes: ["java17", "python3.11"])

@Suite struct FunctionValidationTests {
    static func members(_ change: (inout FunctionMembers) -> Void = { _ in }) -> FunctionMembers {
        var members = FunctionMembers(
            runtime: "python3.11", role: "arn:aws:iam::123456789012:role/lambda", handler: "app.handler")
        change(&members)
        return members
    }

    static let accepted: [FunctionMembers] = [
        members(), members { $0.timeout = 1 }, members { $0.timeout = 900 }, members { $0.memorySize = 128 },
        members { $0.memorySize = 10240 }, members { $0.ephemeralStorage = 10240 },
        members { $0.architectures = ["x86_64"] }, members { $0.tracingMode = "Active" },
        members { $0.snapStart = "PublishedVersions" }, members { $0.description = "" },
        members { $0.description = String(repeating: "é", count: 256) },
        members { $0.environment = [:] }, members { $0.environment = ["KEY_1": "", "Ab": "ü\"\\"] },
        members { $0.environment = ["AB": String(repeating: "x", count: 4096 - 9)] },  // {"AB":""} and the rest
        members { $0.role = "arn:aws-us-gov:iam::123456789012:role/path/to/role+=,.@-_" },
        members { $0.role = "arn:aws:iam::123456789012:rolename" },  // the slash is optional
        members { $0.role = "arn:aws:iam::123456789012:role//" },
        members { $0.handler = "example.Handler::handleRequest" }, members { $0.tags = ["a": ""] },
    ]

    @Test("what AWS takes is taken", arguments: accepted)
    func takes(members: FunctionMembers) throws {
        try FunctionValidation.checkCreation(members, by: server)
        try FunctionValidation.checkUpdate(members, by: server)
    }

    @Test("an update may leave out everything")
    func emptyUpdate() throws { try FunctionValidation.checkUpdate(FunctionMembers(), by: server) }

    struct Violation: Sendable, CustomTestStringConvertible {
        /// As printed: in quotes, `null`, or not at all.
        var value: String
        var path: String
        var constraint: String
        var members: FunctionMembers
        var testDescription: String { "\(path) \(value)" }

        init(_ value: String, _ path: String, _ constraint: String, _ change: (inout FunctionMembers) -> Void) {
            self.value = value
            self.path = path
            self.constraint = constraint
            members = FunctionValidationTests.members(change)
        }
    }

    static let violations: [Violation] = [
        Violation("'r1'", "role", #"pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"#) {
            $0.role = "r1"
        },
        Violation("'0'", "timeout", "Member must have value greater than or equal to 1") { $0.timeout = 0 },
        Violation("'901'", "timeout", "Member must have value less than or equal to 900") { $0.timeout = 901 },
        Violation("'127'", "memorySize", "Member must have value greater than or equal to 128") { $0.memorySize = 127 },
        Violation("'32769'", "memorySize", "Member must have value less than or equal to 32768") {
            $0.memorySize = 32769
        },
        Violation("'511'", "ephemeralStorage.size", "Member must have value greater than or equal to 512") {
            $0.ephemeralStorage = 511
        },
        Violation(
            "'[X86_64]'", "architectures",
            """
            Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], \
            Member must not be null]
            """
        ) { $0.architectures = ["X86_64"] },
        Violation("'[x86_64, arm64]'", "architectures", "Member must have length less than or equal to 1") {
            $0.architectures = ["x86_64", "arm64"]
        },
        Violation(
            "'invalidOption'", "snapStart.applyOn", "Member must satisfy enum value set: [PublishedVersions, None]"
        ) { $0.snapStart = "invalidOption" },
        Violation("'active'", "tracingConfig.mode", "Member must satisfy enum value set: [Active, PassThrough]") {
            $0.tracingMode = "active"
        },
        Violation("'a b'", "handler", #"pattern: [^\s]+"#) { $0.handler = "a b" },
        Violation("''", "handler", #"pattern: [^\s]+"#) { $0.handler = "" },
        Violation("'\(longText)'", "description", "Member must have length less than or equal to 256") {
            $0.description = longText
        },
        Violation(
            "", "environment.variables",
            """
            Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]
            """
        ) { $0.environment = ["1A": "secret"] },
    ]
    static let longText = String(repeating: "d", count: 257)

    @Test("what the service model forbids is a ValidationException in AWS's words", arguments: violations)
    func refusesByModel(row: Violation) {
        let value = row.value.isEmpty ? "Value" : "Value \(row.value)"
        let isPattern = row.constraint.hasPrefix("pattern: ")
        let constraint = isPattern ? "Member must satisfy regular expression \(row.constraint)" : row.constraint
        let sentence = "\(value) at '\(row.path)' failed to satisfy constraint: \(constraint)"
        let expected = LambdaError(code: .validation, message: "1 validation error detected: \(sentence)")
        #expect(throws: expected) { try FunctionValidation.checkCreation(row.members, by: server) }
        #expect(throws: expected) { try FunctionValidation.checkUpdate(row.members, by: server) }
    }

    @Test(
        "environment names that a process could not have, or that are misspelt, are refused without printing the value",
        arguments: ["", "A", "1AB", "A-B", "A=B", "A B", "A\u{0}", "_AB", "ÄB", "LD_PRELOAD\n"])
    func environmentNames(name: String) {
        let error = #expect(throws: LambdaError.self) {
            try FunctionValidation.checkUpdate(FunctionMembers(environment: [name: "hunter2"]), by: server)
        }
        #expect(error?.code == .validation)
        #expect(error?.message.contains("hunter2") == false)
    }

    @Test(
        "roles that are not ARNs of roles are refused",
        arguments: [
            "", "arn:aws:iam::123456789012:role", "arn:aws:iam::123456789012:role/", "arn:aws:iam::12:role/x",
            "arn:aws:iam:us-east-1:123456789012:role/x", "arn:aws:iam::123456789012:user/x",
            "arn:aws:iam::123456789012:role/x y", "arn:aws:iam::123456789012:role/x:y",
            "arn:aws:iam::123456789012:role/é",
        ])
    func roles(role: String) {
        let error = #expect(throws: LambdaError.self) {
            try FunctionValidation.checkUpdate(FunctionMembers(role: role), by: server)
        }
        #expect(error?.code == .validation)
    }

    static let refused: [(FunctionMembers, String)] = [
        (members { $0.runtime = nil }, "Runtime and Handler are mandatory parameters"),
        (members { $0.handler = nil }, "Runtime and Handler are mandatory parameters"),
        (members { $0.runtime = "PYTHON3.9" }, "Value PYTHON3.9 at 'runtime' failed to satisfy constraint"),
        (members { $0.runtime = "" }, "or be a valid ARN"),
        (members { $0.runtime = "java8" }, "The runtime parameter of java8 is no longer supported"),
        (members { $0.runtime = "nodejs20.x" }, "Runtimes available: java17, python3.11."),
        (
            members { $0.runtime = "python3.12" },
            "not available on this server: no release of Debian has Python 3.12. Runtimes"
        ),
        (members { $0.architectures = ["arm64"] }, "Architecture arm64 is not available on this server"),
        (members { $0.memorySize = 10241 }, "Member must have value less than or equal to 10240"),
        (
            members { $0.environment = ["AWS_REGION": "x", "_HANDLER": "y"] },
            "Reserved keys used in this request: AWS_REGION, _HANDLER"
        ),
        (members { $0.environment = ["AB": "x\u{0}y"] }, "the value of AB contains a NUL"),
        (
            members { $0.environment = ["AB": String(repeating: "x", count: 4096 - 8)] },
            #"exceeded the 4KB limit. String measured: {"AB":"xx"#
        ),
        (
            members {
                $0.tags = Dictionary(uniqueKeysWithValues: (0..<51).map { ("k\($0)", "v") })
            }, "Number of tags exceeds resource tag limit."
        ),
    ]

    @Test("what Lambda itself forbids is an InvalidParameterValueException", arguments: refused)
    func refusesByService(members: FunctionMembers, excerpt: String) {
        let error = #expect(throws: LambdaError.self) { try FunctionValidation.checkCreation(members, by: server) }
        #expect(error?.code == .invalidParameterValue)
        #expect(error?.message.contains(excerpt) == true, "\(error?.message ?? "")")
    }

    @Test("all that the model forbids is told at once, and a missing role is null")
    func several() {
        let error = #expect(throws: LambdaError.self) {
            try FunctionValidation.checkCreation(
                FunctionMembers(runtime: "nonsense", handler: "", timeout: 0, tags: ["": "v"]), by: server)
        }
        #expect(error?.message.hasPrefix("4 validation errors detected: Value '' at 'handler'") == true)
        #expect(
            error?.message.hasSuffix("; Value null at 'role' failed to satisfy constraint: Member must not be null")
                == true)
    }

    @Test("SnapStart goes with at most 512 MB of /tmp")
    func combination() throws {
        var configuration = FunctionConfiguration.sample(snapStart: .publishedVersions)
        try FunctionValidation.checkCombination(configuration)
        configuration.ephemeralStorage = 513
        let error = #expect(throws: LambdaError.self) { try FunctionValidation.checkCombination(configuration) }
        #expect(error?.message == "EphemeralStorage above 512 MB is not supported for SnapStart enabled functions.")
        configuration.snapStart = .off
        try FunctionValidation.checkCombination(configuration)
    }

    @Test("list calls check their parameters", arguments: [0, -1, 10_001])
    func pages(size: Int) throws {
        try FunctionValidation.checkPage(maximumItems: nil)
        try FunctionValidation.checkPage(maximumItems: 10_000)
        let error = #expect(throws: LambdaError.self) { try FunctionValidation.checkPage(maximumItems: size) }
        #expect(error?.message.contains("Value '\(size)' at 'maxItems'") == true)
    }

    @Test("FunctionVersion of ListFunctions is ALL or absent")
    func functionVersion() throws {
        #expect(try FunctionValidation.wantsAllVersions("ALL"))
        #expect(try !FunctionValidation.wantsAllVersions(nil))
        let error = #expect(throws: LambdaError.self) { try FunctionValidation.wantsAllVersions("invalid") }
        #expect(
            error?.message == """
                1 validation error detected: Value 'invalid' at 'functionVersion' failed to satisfy constraint: Member \
                must satisfy enum value set: [ALL]
                """)
    }

    @Test("an upload is neither empty nor above the limit")
    func zips() throws {
        try FunctionValidation.checkZip(size: Limits.zippedCode)
        #expect(throws: LambdaError.zippedTooLarge) { try FunctionValidation.checkZip(size: Limits.zippedCode + 1) }
        #expect(throws: LambdaError.notAZip) { try FunctionValidation.checkZip(size: 0) }
    }

    @Test("variables are measured as compact JSON")
    func measuring() {
        let text = EnvironmentVariables.compactJSON(["B": "\"\\\n\u{1}", "A": "é"])
        #expect(text == #"{"A":"é","B":"\"\\\n\u0001"}"#)
    }

    @Test("init with SnapStart may take 130 seconds, or as long as the function's timeout")
    func limits() {
        #expect(Limits.snapStartInitSeconds(timeout: 3) == 130)
        #expect(Limits.snapStartInitSeconds(timeout: 900) == 900)
    }
}
