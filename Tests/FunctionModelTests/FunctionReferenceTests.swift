import FunctionModel
import Testing

private let full = "arn:aws:lambda:us-east-1:123456789012:function:orders"

@Suite struct FunctionReferenceTests {
    struct Good: Sendable {
        var text: String
        var qualifier: String?
        var name: String
        var expected: String?
        init(_ text: String, _ qualifier: String? = nil, name: String, _ expected: String? = nil) {
            self.text = text
            self.qualifier = qualifier
            self.name = name
            self.expected = expected
        }
    }

    @Test(
        "a function is found by name, partial ARN and full ARN, each with or without a qualifier",
        arguments: [
            Good("orders", name: "orders"),
            Good("orders:7", name: "orders", "7"),
            Good("orders:$LATEST", name: "orders", "$LATEST"),
            Good("orders", "live", name: "orders", "live"),
            Good("orders:live", "live", name: "orders", "live"),
            Good("orders", "", name: "orders"),  // an empty Qualifier is none
            Good("orders:$LATEST.PUBLISHED", name: "orders", "$LATEST.PUBLISHED"),
            Good("a.b-c_D9", name: "a.b-c_D9"),  // dots are let through where nothing is created
            Good("function:orders", name: "orders"),
            Good("123456789012:function:orders", name: "orders"),
            Good("123456789012:orders:3", name: "orders", "3"),
            Good("us-east-1:123456789012:function:orders:live", name: "orders", "live"),
            Good(full, name: "orders"),
            Good(full + ":7", name: "orders", "7"),
            Good(full + ":$LATEST", "$LATEST", name: "orders", "$LATEST"),
            Good("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f", name: "f"),
            Good("arn:aws-iso:lambda:us-iso-east-1:123456789012:function:f", name: "f"),
            Good("arn:aws-iso-b:lambda:us-isob-east-1:123456789012:function:f", name: "f"),
            Good("arn:aws-eusc:lambda:eusc-de-east-1:123456789012:function:f", name: "f"),
            Good("arn::lambda:us-east-1:123456789012:function:f", name: "f"),  // the partition may be empty
            // Ambiguous on purpose: AWS recorded the first, the pattern gives the others.
            Good("arn:aws:lambda:us-east-1:123456789012:function", name: "function"),
            Good("function", name: "function"),
            Good("function:function", name: "function"),
            Good("function:$LATEST", name: "function", "$LATEST"),
            Good("function:live:live", name: "live", "live"),
            Good("us-east-1", name: "us-east-1"),
            Good("us-east-1:$LATEST", name: "us-east-1", "$LATEST"),
            Good("123456789012", name: "123456789012"),
            Good("arn:aws", name: "arn", "aws"),
            Good(String(repeating: "a", count: 170), name: String(repeating: "a", count: 170)),
            Good("orders", "$latest", name: "orders", "$latest"),  // well formed, and no such version
        ])
    func parses(row: Good) throws {
        let reference = try FunctionReference(parsing: row.text, qualifier: row.qualifier)
        #expect(reference.name == row.name)
        #expect(reference.qualifier == row.expected)
    }

    @Test(
        "a text that is no function name is refused with AWS's pattern",
        arguments: [
            "", " ", "*", "my-function!", "invalid-account:function:my-function",
            "arn:aws:lambda:invalid-region:123456789012:function:my-function",
            "arn:aws:ec2:us-east-1:123456789012:instance:i-1234567890abcdef0",
            "arn:aws:lambda:us-east-1:123456789012:function:my-function:1:2",
            "function:my-function:$LATEST:extra",
            "arn:aws:lambda::123456789012:function:my-function",
            "arn:aws:lambda:us-east-1::function:my-function",
            "arn:aws:lambda:us-east-1:123456789012:function:my-function:$LATES",
            "arn:aws:lambda:us-east-1:123400000000@function:myfn",
            "arn:aws:lambda:us-east-1:12345678901:function:f",  // eleven digits
            "arn:aws:lambda:us-east-1:１２３４５６７８９０１２:function:f",  // digits, but not ASCII's
            "arn:azure:lambda:us-east-1:123456789012:function:f",
            "arn:aws:lambda:us-east-12:123456789012:function:f",
            "orders:", ":orders", "orders::7", ":", "orders:7:", "orders:$", "$LATEST",
            "../../etc/passwd", "orders/../x", "orders\u{0}", "orders\n", "ördérs", "orders%3A7", "\u{212A}elvin",
            "orders;rm -rf", "orders'--", "a:b:c:d:e:f:g:h:i", String(repeating: ":", count: 5000),
        ])
    func refuses(text: String) {
        let error = #expect(throws: LambdaError.self) { try FunctionReference(parsing: text, qualifier: nil) }
        #expect(error?.code == .validation)
        #expect(
            error?.message == """
                1 validation error detected: Value '\(text)' at 'functionName' failed to satisfy constraint: \
                Member must satisfy regular expression pattern: \
                (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?\
                (function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?
                """)
    }

    @Test(
        "a qualifier is refused with AWS's wording",
        arguments: [
            ("invalid!", #"Member must satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"#),
            ("a b", #"Member must satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"#),
            ("é", #"Member must satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"#),
            (String(repeating: "a", count: 129), "Member must have length less than or equal to 128"),
        ])
    func refusesQualifier(qualifier: String, constraint: String) {
        let error = #expect(throws: LambdaError.self) { try FunctionReference(parsing: "f", qualifier: qualifier) }
        #expect(
            error
                == LambdaError(
                    code: .validation,
                    message: """
                        1 validation error detected: Value '\(qualifier)' at 'qualifier' failed to satisfy constraint: \
                        \(constraint)
                        """))
    }

    @Test("two things wrong are told in one answer")
    func refusesBoth() {
        let error = #expect(throws: LambdaError.self) { try FunctionReference(parsing: "*", qualifier: "!") }
        #expect(error?.message.hasPrefix("2 validation errors detected: Value '*' at 'functionName'") == true)
        #expect(error?.message.contains("; Value '!' at 'qualifier'") == true)
    }

    @Test("a name of more than 256 characters is refused, one of 65 merely does not exist")
    func lengths() throws {
        let long = String(repeating: "a", count: 257)
        let error = #expect(throws: LambdaError.self) { try FunctionReference(parsing: long) }
        #expect(error?.message.hasSuffix("Member must have length less than or equal to 256") == true)
        #expect(try FunctionReference(parsing: String(repeating: "a", count: 65)).name.count == 65)
    }

    @Test(
        "a qualifier that contradicts the name's is refused",
        arguments: [("orders:$LATEST", "1"), (full + ":1", "2"), ("orders:live", "$LATEST")])
    func mismatch(text: String, qualifier: String) {
        let error = #expect(throws: LambdaError.self) { try FunctionReference(parsing: text, qualifier: qualifier) }
        #expect(error == .qualifierMismatch)
        #expect(error?.code == .invalidParameterValue)
    }

    @Test("functions of other regions and accounts are out of reach")
    func scope() throws {
        let here = AccountScope()
        _ = try FunctionReference(parsing: full, in: here)
        _ = try FunctionReference(parsing: "orders", in: here)
        #expect(throws: LambdaError.unreachableRegion("ap-southeast-1", from: "us-east-1")) {
            try FunctionReference(parsing: "arn:aws:lambda:ap-southeast-1:123456789012:function:orders", in: here)
        }
        #expect(throws: LambdaError.foreignAccount("000000000000", own: "123456789012")) {
            try FunctionReference(parsing: "000000000000:function:orders", in: here)
        }
    }

    @Test(
        "CreateFunction is stricter about names",
        arguments: [
            ("my-function!", LambdaError.Code.validation, "at 'functionName'"),
            ("invalid:function:name", .validation, #"([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"#),
            ("a.b", .validation, "pattern"),
            (String(repeating: "a", count: 65), .invalidParameterValue, "less than or equal to 64"),
            ("function:" + String(repeating: "a", count: 132), .validation, "less than or equal to 140"),
            ("function:" + String(repeating: "a", count: 65), .invalidParameterValue, "less than or equal to 64"),
            ("arn:aws:lambda:us-west-2:123456789012:function:f", .resourceNotFound, "us-west-2"),
        ])
    func creating(text: String, code: LambdaError.Code, excerpt: String) {
        let error = #expect(throws: LambdaError.self) { try FunctionReference(creating: text, in: AccountScope()) }
        #expect(error?.code == code)
        #expect(error?.message.contains(excerpt) == true, "\(error?.message ?? "")")
    }

    @Test("CreateFunction takes a name and an ARN", arguments: ["orders", full, "123456789012:function:orders"])
    func creating(text: String) throws {
        #expect(try FunctionReference(creating: text, in: AccountScope()).name == "orders")
    }
}

@Suite struct FunctionVersionTests {
    @Test(
        "a qualifier is $LATEST, a number, or an alias",
        arguments: [
            (nil, FunctionVersion.latest, false), ("$LATEST", .latest, false), ("1", .published(1), false),
            ("9223372036854775807", .published(.max), false),
            ("live", nil, true), ("v1", nil, true), ("-1", nil, true), ("_", nil, true),
            // Numbers that no version has, and texts that no alias can be.
            ("0", nil, false), ("007", nil, false), ("9223372036854775808", nil, false), ("$latest", nil, false),
            ("١", nil, false),
        ] as [(String?, FunctionVersion?, Bool)])
    func qualifiers(qualifier: String?, version: FunctionVersion?, isAlias: Bool) {
        let reference = FunctionReference(name: "f", qualifier: qualifier)
        #expect(reference.version == version)
        #expect(reference.namesAlias == isAlias)
    }

    @Test("$LATEST comes first, then the numbers")
    func order() {
        let sorted = [FunctionVersion.published(10), .latest, .published(9), .published(1)].sorted()
        #expect(sorted.map(\.description) == ["$LATEST", "1", "9", "10"])
    }

    @Test("an ARN is qualified for a version, not for $LATEST")
    func arns() {
        let scope = AccountScope(region: "eu-west-1", accountID: "000000000001")
        var configuration = FunctionConfiguration.sample()
        #expect(scope.arn(configuration).description == "arn:aws:lambda:eu-west-1:000000000001:function:orders")
        configuration.version = .published(4)
        #expect(scope.arn(configuration).description == "arn:aws:lambda:eu-west-1:000000000001:function:orders:4")
        let reference = FunctionReference(name: "orders", qualifier: "$LATEST")
        #expect(
            LambdaError.functionNotFound(scope.arn(reference)).message
                == "Function not found: arn:aws:lambda:eu-west-1:000000000001:function:orders:$LATEST")
    }
}
