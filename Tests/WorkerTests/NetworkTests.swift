import FunctionModel
import NetworkModel
import Sandboxes
import Testing
import Worker

@Suite("The network of a function's sandboxes")
struct NetworkTests {
    static let missing = "There is no virtual network nets on this server. Networks available: shop."
    static let missingSubnet = """
        Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID \
        'subnet-nets' does not exist
        """

    @Test("is none unless a tag says otherwise, and then no network is looked up")
    func untagged() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished("f")
            try await fixture.createPublished("g", tags: ["thaw:network": "egress"])
            for name in ["f", "g"] {
                try await fixture.invoke(name)
                try await fixture.invoke(name, nil)
            }
            // Of each function the init of a publish, and then the boot of $LATEST.
            #expect(fixture.engine.record.starts.map(\.network) == [.isolated, .egress, .isolated, .egress])
            #expect(fixture.engine.record.networks == [.isolated, .egress])
            #expect(fixture.networks.lookups == 0)
        }
    }

    @Test("is the virtual network that the tag names: in init, in a clone, in a sandbox that is booted")
    func tagged() async throws {
        try await WorkerFixture.with { fixture in
            let shop = fixture.networks.add("shop")
            try await fixture.createPublished(tags: ["thaw:network": "vpc:shop"])
            try await fixture.invoke()
            try await fixture.invoke("f", nil)
            #expect(fixture.engine.record.starts.map(\.network) == [shop, shop])
            #expect(fixture.engine.record.networks == [shop])
        }
    }

    @Test("changes with the tag at once, for versions with a snapshot too, and no sandbox of the old one is used again")
    func retagged() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            try await fixture.invoke()
            await fixture.settled()
            try await fixture.worker.control.tagFunction("f", tags: ["thaw:network": "egress"])
            for _ in 0..<2 {
                try await fixture.invoke()
                await fixture.settled()
            }
            #expect(fixture.engine.record.networks == [.isolated, .egress])
            #expect(fixture.engine.record.live.count == 1)
            try await fixture.worker.control.untagFunction("f", keys: ["thaw:network"])
            try await fixture.invoke()
            #expect(fixture.engine.record.networks == [.isolated, .egress, .isolated])
            // A snapshot can be thawed into any network.
            #expect(try await fixture.publish().version == .published(1))
        }
    }

    @Test("is left when the network itself is changed, and an invocation then starts in the new one")
    func changedNetwork() async throws {
        try await WorkerFixture.with { fixture in
            let before = fixture.networks.add("shop", identifier: 1)
            try await fixture.create(snapStart: false, tags: ["thaw:network": "vpc:shop"])
            await fixture.settled()
            for _ in 0..<2 {
                try await fixture.invoke("f", nil)
                await fixture.settled()
            }
            let after = fixture.networks.add("shop", identifier: 2)
            try await fixture.invoke("f", nil)
            await fixture.settled()
            #expect(fixture.engine.record.starts.map(\.network) == [before, after])
            #expect(fixture.engine.record.live.count == 1)
        }
    }

    @Test("that is not there is refused when it is asked for, whichever way")
    func unknown() async throws {
        try await WorkerFixture.with { fixture in
            fixture.networks.add("shop")
            let vpc = FunctionSettings(vpc: VPCConfiguration(subnetIDs: ["subnet-nets"]))
            let creations = [
                await #expect(throws: LambdaError.self) {
                    try await fixture.create(tags: ["thaw:network": "vpc:nets"])
                },
                await #expect(throws: LambdaError.self) { try await fixture.create(settings: vpc) },
            ]
            try await fixture.create()
            await fixture.settled()
            let changes = [
                await #expect(throws: LambdaError.self) {
                    try await fixture.worker.control.tagFunction("f", tags: ["thaw:network": "vpc:nets"])
                },
                await #expect(throws: LambdaError.self) { try await fixture.update(vpc) },
            ]
            for calls in [creations, changes] {
                #expect(calls.allSatisfy { $0?.code == .invalidParameterValue })
                #expect(calls[0]?.message.hasPrefix(Self.missing) == true)
                #expect(calls[1]?.message == Self.missingSubnet)
                #expect(calls[1]?.cause?.hasPrefix(Self.missing) == true)
            }
            #expect(try await fixture.configuration().vpc == nil)
            #expect(try await fixture.tags().isEmpty)
        }
    }

    @Test("that was deleted fails invocations and publishes by its name, until it is back")
    func deleted() async throws {
        try await WorkerFixture.with { fixture in
            let shop = fixture.networks.add("shop")
            try await fixture.createPublished(tags: ["thaw:network": "vpc:shop"])
            for qualifier in ["1", "$LATEST"] { try await fixture.invoke("f", qualifier) }
            await fixture.settled()
            fixture.networks.remove("shop")
            for qualifier in ["1", "$LATEST"] {
                let error = await #expect(throws: LambdaError.self) { try await fixture.invoke("f", qualifier) }
                #expect(error?.code == .invalidSubnetID)
                #expect(error?.message.contains("virtual network shop: there is none of this name") == true)
            }
            try await fixture.update(FunctionSettings(timeout: 7))
            await fixture.settled()
            try await fixture.publish()
            await fixture.settled()
            let failed = try await fixture.configuration("f", "2")
            #expect(failed.state.reason?.code == "InvalidSubnet")
            #expect(failed.state.reason?.message.contains("shop") == true)
            #expect(try fixture.snapshots().count == 1)

            fixture.networks.add("shop")
            try await fixture.invoke()
            #expect(fixture.engine.record.networks == [shop])
        }
    }

    @Test("is that of the version's VpcConfig before that of the tag, and a published version keeps its own")
    func vpcConfig() async throws {
        try await WorkerFixture.with { fixture in
            let (shop, bank) = (
                fixture.networks.add("shop", identifier: 1), fixture.networks.add("bank", identifier: 2)
            )
            let vpc = VPCConfiguration(subnetIDs: ["subnet-shop"], securityGroupIDs: ["sg-1"])
            try await fixture.createPublished(settings: FunctionSettings(vpc: vpc))
            try await fixture.worker.control.tagFunction("f", tags: ["thaw:network": "vpc:bank"])
            try await fixture.invoke()
            #expect(fixture.engine.record.networks == [shop])

            // Out of its network: the tag decides again, for what is published from then on.
            try await fixture.update(FunctionSettings(vpc: VPCConfiguration()))
            #expect(try await fixture.configuration().vpc == VPCConfiguration())
            await fixture.settled()
            #expect(try await fixture.publish().version == .published(2))
            await fixture.settled()
            for version in ["1", "2", "$LATEST"] { try await fixture.invoke("f", version) }
            #expect(fixture.engine.record.networks == [shop, bank])
            #expect(fixture.engine.record.starts.map(\.network) == [shop, bank, bank])
            #expect(try await fixture.configuration("f", "1").vpc == vpc)
        }
    }

    @Test("makes a new version when VpcConfig is changed and published, and none when nothing changes")
    func published() async throws {
        try await WorkerFixture.with { fixture in
            fixture.networks.add("shop")
            try await fixture.createPublished()
            let vpc = FunctionSettings(vpc: VPCConfiguration(subnetIDs: ["subnet-shop"]))
            for (settings, expected) in [(FunctionSettings(vpc: VPCConfiguration()), 1), (vpc, 2), (vpc, 2)] {
                let updated = try await fixture.update(settings)
                #expect(updated.lastUpdate == .inProgress(.creating))
                await fixture.settled()
                #expect(try await fixture.publish().version == .published(expected))
                await fixture.settled()
            }
        }
    }

    @Test("cannot be asked for twice, differently, in one call")
    func contradiction() async throws {
        try await WorkerFixture.with { fixture in
            fixture.networks.add("shop")
            let settings = FunctionSettings(vpc: VPCConfiguration(subnetIDs: ["subnet-shop"]))
            for tag in ["egress", "isolated", "vpc:bank"] {
                let error = await #expect(throws: LambdaError.self) {
                    try await fixture.create(settings: settings, tags: ["thaw:network": tag])
                }
                #expect(error?.message.contains("VpcConfig asks for the virtual network shop") == true)
            }
            try await fixture.create(settings: settings, tags: ["thaw:network": "vpc:shop"])
        }
    }
}

extension WorkerFixture {
    @discardableResult
    fileprivate func update(_ settings: FunctionSettings) async throws -> FunctionConfiguration {
        try await worker.control.updateFunctionConfiguration(
            UpdateFunctionConfigurationRequest(
                functionName: "f", runtime: nil, role: nil, handler: nil, settings: settings, revisionID: nil))
    }
}
