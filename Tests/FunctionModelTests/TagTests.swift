import FunctionModel
import Testing

@Suite("Tags") struct TagTests {
    let server = ServerAbilities(runtimes: ["python3.11"], isolations: [.microvm])

    static let refused: [([String: String]?, LambdaError.Code, String)] = [
        (nil, .validation, "Value null at 'tags' failed to satisfy constraint: Member must not be null"),
        ([:], .invalidParameterValue, "An error occurred and the request cannot be processed."),
        (["": "v"], .validation, "Member must have length greater than or equal to 1"),
        ([String(repeating: "k", count: 129): "v"], .validation, "Member must have length less than or equal to 128"),
        (["k": String(repeating: "v", count: 257)], .validation, "Member must have length less than or equal to 256"),
        (
            Dictionary(uniqueKeysWithValues: (0..<51).map { ("k\($0)", "v") }), .invalidParameterValue,
            "Number of tags exceeds resource tag limit."
        ),
        (["aws:x": "v"], .invalidParameterValue, "The tag key aws:x cannot be used"),
        (["AWS:": "v"], .invalidParameterValue, "The tag key AWS: cannot be used"),
        (["thaw:network": "internet"], .invalidParameterValue, "is not one of: isolated, egress, vpc:NAME"),
        (["thaw:network": "vpc:A"], .invalidParameterValue, "The value 'vpc:A' of the tag thaw:network"),
        (["thaw:isolation": "none"], .invalidParameterValue, "is not one of: auto, microvm, process."),
        (
            ["thaw:isolation": "process"], .invalidParameterValue,
            "Isolation process is not available on this server. Isolation available: microvm."
        ),
    ]

    @Test("that break a rule are refused, whoever gives them", arguments: refused)
    func refuses(tags: [String: String]?, code: LambdaError.Code, excerpt: String) {
        let error = #expect(throws: LambdaError.self) { try FunctionValidation.checkTags(tags, by: server) }
        #expect(error?.code == code)
        #expect(error?.message.contains(excerpt) == true, "\(error?.message ?? "")")
        guard let tags, !tags.isEmpty else { return }
        let creation = #expect(throws: LambdaError.self) {
            try FunctionValidation.checkUpdate(FunctionMembers(tags: tags), by: server)
        }
        #expect(creation == error)
    }

    @Test(
        "at the limits are taken",
        arguments: [
            [String(repeating: "k", count: 128): String(repeating: "v", count: 256)], ["k": ""], ["é😀": "v"],
            ["thaw:isolation": "auto"], ["thaw:isolation": "microvm"], ["thaw:other": "x"],
            ["thaw:network": "egress", "thaw:isolation": "auto"], ["thaw:network": "vpc:a-1"], ["aws": "v"],
            Dictionary(uniqueKeysWithValues: (0..<50).map { ("k\($0)", "v") }),
        ])
    func takes(tags: [String: String]) throws { try FunctionValidation.checkTags(tags, by: server) }

    @Test(
        "are removed by keys that could be some",
        arguments: [
            ([], "Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"),
            ([""], "at 'tagKeys' failed to satisfy constraint"), (["k", "aws:x"], "The tag key aws:x cannot be used"),
        ])
    func keys(keys: [String], excerpt: String) throws {
        let error = #expect(throws: LambdaError.self) { try FunctionValidation.checkTagKeys(keys) }
        #expect(error?.message.contains(excerpt) == true)
        try FunctionValidation.checkTagKeys(["k", "thaw:isolation"])
    }

    @Test(
        "say which isolation is wanted",
        arguments: [
            ([:], IsolationChoice.auto), (["thaw:isolation": "process"], .process),
            (["thaw:isolation": "microvm"], .microvm), (["isolation": "process"], .auto),
            (["thaw:isolation": "rubbish of an older release"], .auto),
        ])
    func isolation(tags: [String: String], expected: IsolationChoice) {
        #expect(FunctionTags.isolation(tags) == expected)
    }

    private static let arn = "arn:aws:lambda:us-east-1:123456789012"

    @Test(
        "belong to the ARN of a function",
        arguments: [
            ("\(arn):function:f:1", LambdaError.Code.invalidParameterValue, "Tags on function aliases and versions"),
            ("\(arn):function:f:$LATEST", .invalidParameterValue, "Please specify a function ARN."),
            ("\(arn):function:f:live", .invalidParameterValue, "are not supported."),
            ("f", .validation, "Value 'f' at 'resource' failed to satisfy constraint"),
            ("", .validation, #"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}"#),
            ("arn:aws:something", .validation, "at 'resource'"),
            ("\(arn):foobar:f", .validation, "at 'resource'"),
            ("\(arn):function:", .validation, "at 'resource'"),
            ("\(arn):function:a.b", .validation, "at 'resource'"),
            ("\(arn):function:f:1:2", .validation, "at 'resource'"),
            ("arn:gov:lambda:us-east-1:123456789012:function:f", .validation, "at 'resource'"),
            ("arn:aws:lambda:here:123456789012:function:f", .validation, "at 'resource'"),
            ("arn:aws:lambda:us-east-1:12:function:f", .validation, "at 'resource'"),
            ("\(arn):event-source-mapping:0", .validation, "at 'resource'"),
            ("arn:aws:lambda:us-east-1:210987654321:function:f", .accessDenied, "210987654321"),
            ("arn:aws:lambda:eu-west-1:123456789012:function:f", .resourceNotFound, "eu-west-1"),
        ])
    func resources(arn: String, code: LambdaError.Code, excerpt: String) throws {
        let error = #expect(throws: LambdaError.self) { try FunctionReference(tagged: arn, in: AccountScope()) }
        #expect(error?.code == code)
        // What clients are not told is for the log.
        #expect(error?.description.contains(excerpt) == true, "\(error?.message ?? "")")
        #expect(try FunctionReference(tagged: "\(Self.arn):function:f", in: AccountScope()).name == "f")
    }
}
