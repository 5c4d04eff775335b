import FunctionModel
import HTTPTypes
import HummingbirdTesting
import LambdaAPI
import NIOCore
import Testing
import Worker

/// `VpcConfig` in requests and answers.
@Suite struct VPCConfigTests {
    static let path = "/2015-03-31/functions/f/configuration"

    @Test(
        "A request's VpcConfig is handed on: empty lists remove the network, and what names neither list changes nothing",
        arguments: [
            (#"{"SubnetIds":["subnet-a"]}"#, VPCConfiguration(subnetIDs: ["subnet-a"])),
            (
                #"{"SubnetIds":["subnet-a"],"SecurityGroupIds":["sg-1"],"Ipv6AllowedForDualStack":false}"#,
                VPCConfiguration(subnetIDs: ["subnet-a"], securityGroupIDs: ["sg-1"])
            ),
            (#"{"SubnetIds":[],"SecurityGroupIds":[]}"#, VPCConfiguration()),
            (#"{"SubnetIds":[]}"#, VPCConfiguration()),
            ("{}", nil), ("null", nil), (#"{"SubnetIds":null}"#, nil), (#"{"Ipv6AllowedForDualStack":false}"#, nil),
        ] as [(String, VPCConfiguration?)])
    func requests(member: String, expected: VPCConfiguration?) async throws {
        let service = FakeLambdaService(functions: [.sample()])
        let tester = APITester(service)
        let update = try await tester.send(.put, Self.path, body: #"{"VpcConfig":\#(member)}"#)
        #expect(update.status == .ok, "\(update.text)")
        #expect(service.seen.configurationUpdate?.settings.vpc == expected)
        let creation = try await tester.send(
            .post, "/2015-03-31/functions", body: RequestBodyTests.creation(#","VpcConfig":\#(member)"#))
        #expect(creation.status == .created, "\(creation.text)")
        #expect(service.seen.created?.settings.vpc == expected)
    }

    @Test(
        "One that cannot be is refused",
        arguments: [
            (#"{"SubnetIds":["subnet-a","subnet-b"]}"#, "SubnetIds names several: subnet-a, subnet-b."),
            (#"{"SubnetIds":["subnet-0AB"]}"#, "'vpcConfig.subnetIds'"),
            (#"{"SecurityGroupIds":["sg-1"]}"#, "must coexist or be both empty list"),
            (#"{"Ipv6AllowedForDualStack":true}"#, "Ipv6AllowedForDualStack is not supported by this server"),
            (#"{"SubnetIds":[7]}"#, "NUMBER_VALUE can not be converted to a String"),
            (#"["subnet-a"]"#, "Start of list found where not expected"),
            (#"{"Ipv6AllowedForDualStack":"x"}"#, "STRING_VALUE can not be converted to a Boolean"),
        ])
    func refused(member: String, message: String) async throws {
        let service = FakeLambdaService(functions: [.sample()])
        let response = try await APITester(service).send(.put, Self.path, body: #"{"VpcConfig":\#(member)}"#)
        #expect(response.status == .badRequest)
        #expect(response.text.contains(message), "\(response.text)")
        #expect(service.seen.configurationUpdate == nil)
    }

    @Test(
        "Answers show it as AWS does: with its VPC, empty after a removal, and not at all when there never was one",
        arguments: [
            (nil, nil),
            (
                VPCConfiguration(),
                #""VpcConfig":{"Ipv6AllowedForDualStack":false,"SecurityGroupIds":[],"SubnetIds":[],"VpcId":""}"#
            ),
            (
                VPCConfiguration(subnetIDs: ["subnet-a"], securityGroupIDs: ["sg-2", "sg-1"]),
                #""VpcConfig":{"Ipv6AllowedForDualStack":false,"SecurityGroupIds":["sg-2","sg-1"],"#
                    + #""SubnetIds":["subnet-a"],"VpcId":"vpc-a"}"#
            ),
        ] as [(VPCConfiguration?, String?)])
    func answers(vpc: VPCConfiguration?, expected: String?) async throws {
        var function = FunctionConfiguration.sample()
        function.vpc = vpc
        let tester = APITester(FakeLambdaService(functions: [function]))
        for path in [Self.path, "/2015-03-31/functions/f", "/2015-03-31/functions"] {
            let text = try await tester.send(.get, path).text
            #expect(text.contains(expected ?? #""Version""#), "\(text)")
            #expect(text.contains("VpcConfig") == (expected != nil))
        }
    }
}
