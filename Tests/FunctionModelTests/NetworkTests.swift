import FunctionModel
import Testing

@Suite("The network of a function") struct NetworkTests {
    let server = ServerAbilities(runtimes: ["python3.11"])

    @Test(
        "is named by a tag",
        arguments: [
            ("isolated", NetworkChoice.isolated), ("egress", .egress), ("vpc:a", .vpc("a")), ("vpc:a-0", .vpc("a-0")),
            ("vpc:\(String(repeating: "x", count: 40))", .vpc(String(repeating: "x", count: 40))),
        ])
    func parses(text: String, expected: NetworkChoice) {
        #expect(NetworkChoice(text) == expected)
        #expect(expected.description == text)
        #expect(FunctionTags.network(["thaw:network": text]) == expected)
    }

    @Test(
        "is none when the text is none: what cannot be understood gets no network",
        arguments: [
            "", "Isolated", "egress ", "vpc", "vpc:", "vpc:A", "vpc:a b", "vpc:../a", "vpc:é", "vpc:a\0", "a",
            "vpc:\(String(repeating: "x", count: 41))",
        ])
    func rubbish(text: String) {
        #expect(NetworkChoice(text) == nil)
        #expect(FunctionTags.network(["thaw:network": text]) == .isolated)
        #expect(FunctionTags.network(["network": "egress"]) == .isolated)
    }

    static let refused: [(VPCConfiguration, LambdaError.Code, String)] = [
        (VPCConfiguration(subnetIDs: ["a"]), .validation, "Value '[a]' at 'vpcConfig.subnetIds'"),
        (
            VPCConfiguration(subnetIDs: ["subnet-"]), .validation,
            "or equal to 0, Member must satisfy regular expression pattern: subnet-[0-9a-z]*]"
        ),
        (VPCConfiguration(subnetIDs: ["subnet-a", "subnet-A"]), .validation, "'[subnet-a, subnet-A]'"),
        (VPCConfiguration(subnetIDs: ["subnet-../a"]), .validation, "'vpcConfig.subnetIds'"),
        (
            VPCConfiguration(subnetIDs: Array(repeating: "subnet-a", count: 17)), .validation,
            "length less than or equal to 16"
        ),
        (
            VPCConfiguration(subnetIDs: ["subnet-a"], securityGroupIDs: ["sg-a", "b"]), .validation,
            "Value '[sg-a, b]' at 'vpcConfig.securityGroupIds'"
        ),
        (
            VPCConfiguration(subnetIDs: ["subnet-a"], securityGroupIDs: ["sg-a_b"]), .validation,
            "Member must satisfy regular expression pattern: sg-[0-9a-zA-Z]*]"
        ),
        (
            VPCConfiguration(subnetIDs: ["subnet-a"], securityGroupIDs: (0..<6).map { "sg-\($0)" }), .validation,
            "length less than or equal to 5"
        ),
        (
            VPCConfiguration(subnetIDs: ["subnet-b", "subnet-a"]), .invalidParameterValue,
            "SubnetIds names several: subnet-a, subnet-b."
        ),
        (
            VPCConfiguration(securityGroupIDs: ["sg-1"]), .invalidParameterValue,
            "SubnetIds and SecurityIds must coexist or be both empty list."
        ),
    ]

    @Test("is refused in a VpcConfig that breaks a rule", arguments: refused)
    func refuses(vpc: VPCConfiguration, code: LambdaError.Code, excerpt: String) {
        let error = #expect(throws: LambdaError.self) {
            try FunctionValidation.checkUpdate(FunctionMembers(vpc: vpc), by: server)
        }
        #expect(error?.code == code)
        #expect(error?.message.contains(excerpt) == true, "\(error?.message ?? "")")
    }

    @Test(
        "is one, however many subnets name it",
        arguments: [
            VPCConfiguration(), VPCConfiguration(subnetIDs: ["subnet-a"]),
            VPCConfiguration(
                subnetIDs: ["subnet-a-1", "subnet-a-1"],
                securityGroupIDs: ["sg-", "sg-1", "sg-zZ9", "sg-4", "sg-5"]),
        ])
    func takes(vpc: VPCConfiguration) throws {
        try FunctionValidation.checkUpdate(FunctionMembers(vpc: vpc, allowsIPv6: false), by: server)
    }

    @Test("has no IPv6, and no tag that contradicts it")
    func combinations() throws {
        let ipv6 = #expect(throws: LambdaError.self) {
            try FunctionValidation.checkUpdate(FunctionMembers(allowsIPv6: true), by: server)
        }
        #expect(ipv6?.message.contains("Ipv6AllowedForDualStack") == true)
        let vpc = VPCConfiguration(subnetIDs: ["subnet-a"])
        for tag in ["egress", "vpc:b", "isolated"] {
            let error = #expect(throws: LambdaError.self) {
                try FunctionValidation.checkUpdate(
                    FunctionMembers(vpc: vpc, tags: ["thaw:network": tag]), by: server)
            }
            #expect(error?.message.contains("for '\(tag)'") == true)
        }
        for (vpc, tag) in [(vpc, "vpc:a"), (VPCConfiguration(), "egress")] {
            try FunctionValidation.checkUpdate(FunctionMembers(vpc: vpc, tags: ["thaw:network": tag]), by: server)
        }
    }

    @Test("is that of VpcConfig before that of the tag; one that is rubbish on the disk is a network that is not there")
    func precedence() {
        var function = FunctionConfiguration.sample()
        #expect(function.network(tagged: .egress) == .egress)
        function.setVPC(VPCConfiguration())
        #expect(function.vpc == nil)
        function.setVPC(VPCConfiguration(subnetIDs: ["subnet-a"]))
        #expect(function.network(tagged: .egress) == .vpc("a"))
        function.setVPC(VPCConfiguration(subnetIDs: ["rubbish"]))
        #expect(function.network(tagged: .egress) == .vpc("rubbish"))
        function.setVPC(VPCConfiguration())
        #expect(function.vpc == VPCConfiguration())
        #expect(function.network(tagged: .egress) == .egress)
    }
}
