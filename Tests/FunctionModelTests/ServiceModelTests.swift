import FunctionModel
import Testing

@Suite struct ServiceModelTests {
    static let held: [(pattern: String, fits: [String], not: [String])] = [
        ("[^\\s]+", ["a.b", "é"], ["", "a b", "a\n"]),
        ("(|[a-zA-Z0-9$_-]+)", ["", "$LATEST", "a-b"], ["a.b"]),
        ("(?!^[0-9]+$)([a-zA-Z0-9-_]+)", ["a", "1a", "-_"], ["", "1", "12"]),
        ("((?!^\\d+$)^[0-9a-zA-Z-_]+$)", ["live", "1a"], ["1", "$LATEST", ""]),
        ("[0-9A-Za-z\\.\\-_]*(?<!\\.)", ["", "a.b", "A-_"], ["a.", ".", "a/b"]),
        (
            "$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,3}))|arn:(.*)", ["", "kafka://a...", "arn:"],
            ["kafka://.", "kafka://abcde"]
        ),
        ("(^(?!(system\\x2e)))(^[_a-zA-Z0-9])([^$]*)", ["systems", "_a b"], ["system.a", "$", "a$"]),
        ("([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)", ["", "é ü7", "a/b=c"], ["a#", "a\u{7}"]),
        ("[ a-zA-Z0-9-\\/*:_+=.@-]*", ["a b/*", "-"], ["é", "a,b"]),
        ("a{2}b{1,2}c{1,}(x|yz)?", ["aabc", "aabbccyz"], ["abc", "aabbbc", "aabcy"]),
        ("[\\s\\S]*", ["", "a\nb"], []),
        (".*", ["", "é"], ["a\nb"]),
        ("o-[a-z0-9]{10,32}", ["o-0123456789"], ["o-012345678", "x-0123456789"]),
    ]

    @Test("patterns are held against whole texts, as Java does", arguments: held)
    func patterns(pattern: String, fits: [String], not: [String]) throws {
        let pattern = try #require(ModelPattern(pattern))
        for text in fits { #expect(pattern.matches(text), "\(text)") }
        for text in not { #expect(!pattern.matches(text), "\(text)") }
    }

    @Test("no text makes a pattern slow")
    func linear() throws {
        let pattern = try #require(ModelPattern("(([a-z]|[a-z][a-z-]*[a-z])\\.)*(a|aa)+:[0-9]{1,5}"))
        #expect(!pattern.matches(String(repeating: "a", count: 5_000)))
    }

    @Test("what is no pattern of AWS's is nil", arguments: ["(", "[a", "a{2", "a{3,2}", "\\q", "[z-a]", "*", "a)"])
    func noPattern(text: String) { #expect(ModelPattern(text) == nil) }

    @Test("an action is found by its path and by what its query chooses")
    func routes() throws {
        let model = ServiceModel.lambda
        let path = "2019-09-30/functions/{FunctionName}/provisioned-concurrency"
        #expect(model.operation("GET", path) { _ in nil }?.name == "GetProvisionedConcurrencyConfig")
        #expect(
            model.operation("GET", path) { $0 == "List" ? "ALL" : nil }?.name == "ListProvisionedConcurrencyConfigs")
        #expect(
            model.operation("GET", "2018-10-31/layers") { $0 == "find" ? "LayerVersion" : nil }?.name
                == "GetLayerVersionByArn")
        #expect(model.operation("GET", "2018-10-31/layers") { _ in nil }?.name == "ListLayers")
        #expect(model.operation("GET", "nothing") { _ in nil } == nil)
    }

    static let refused: [(action: String, values: [String: ModelValue], message: String)] = [
        (
            "CreateAlias", ["FunctionName": .text("f"), "Name": .text("1")],
            """
            2 validation errors detected: Value '1' at 'name' failed to satisfy constraint: Member must satisfy regular \
            expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+); Value null at 'functionVersion' failed to satisfy constraint: \
            Member must not be null
            """
        ),
        (
            "CreateAlias",
            [
                "FunctionName": .text("f"), "Name": .text("a"), "FunctionVersion": .text("1"),
                "RoutingConfig": .structure(["AdditionalVersionWeights": .map(["2": .decimal(2)])]),
            ],
            """
            1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy \
            constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must \
            have value greater than or equal to 0.0, Member must not be null]
            """
        ),
        (
            "UntagResource", ["Resource": .text("arn:aws:lambda:us-east-1:123456789012:function:f")],
            """
            1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null
            """
        ),
        (
            "CreateEventSourceMapping",
            [
                "FunctionName": .text("f"),
                "SourceAccessConfigurations": .list([
                    .structure(["Type": .text("VPC_SUBNET")]),
                    .structure(["Type": .text("VPC_SUBNET"), "URI": .text("")]),
                ]),
            ],
            """
            1 validation error detected: Value '' at 'sourceAccessConfigurations.2.member.uRI' failed to satisfy constraint: \
            Member must have length greater than or equal to 1
            """
        ),
        (
            "UpdateFunctionConfiguration",
            [
                "FunctionName": .text("f"), "Environment": .structure(["Variables": .map(["1": .text("secret")])]),
                "VpcConfig": .structure(["SubnetIds": .list([.text("subnet-a-b"), .text("b")])]),
            ],
            #"""
            2 validation errors detected: Value '[subnet-a-b, b]' at 'vpcConfig.subnetIds' failed to satisfy constraint: \#
            Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length \#
            greater than or equal to 0, Member must satisfy regular expression pattern: subnet-[0-9a-z]*]; Value at \#
            'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy \#
            regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]
            """#
        ),
    ]

    @Test("everything that breaks the model is named at once, in AWS's words", arguments: refused)
    func refusals(action: String, values: [String: ModelValue], message: String) throws {
        let operation = try #require(ServiceModel.lambda.operation(action))
        #expect(throws: LambdaError(code: .validation, message: message)) { try operation.check(values) }
    }
}
