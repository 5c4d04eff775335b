import LinuxKit
import SlotNetwork
import SystemPackage
import TestSupport
import Testing

/// How programs get to interfaces, each way proved by packets.
@Suite(.requiresRoot, .serialized) struct AttachmentTests {
    @Test("a slot is seen to pass packets, and nothing of it is left")
    func probe() async throws {
        await #expect(processExitsWith: .success) {
            for layout in SlotLayout.allCases {
                for attachment in SlotWorld.attachments {
                    var configuration = SlotConfiguration(count: 1, instance: "t", directory: "/nowhere")
                    (configuration.layout, configuration.attachment) = (layout, attachment)
                    let left = try await leakedDescriptors {
                        let probe = try SlotProbe.run(configuration)
                        #expect(probe.attachment == attachment && probe.tunnelFailure == nil)
                    }
                    #expect(left == [])
                    #expect(!(try SmallFile.text("/proc/self/mountinfo").contains("thaw-slots")))
                    #expect(!(try AttachmentTests.links().contains("thaw-probe")))
                    #expect(!FileStatus.exists("/nowhere"))
                }
            }
        }
    }

    @Test("a kernel's best way is chosen, and told")
    func automatic() async throws {
        try await SlotWorld.with { world in
            try await world.withPool(world.configuration(1)) { pool in
                #expect(pool.attachment == SlotWorld.attachments.first)
            }
        }
        let findings = await SlotPool.findings(SlotConfiguration(count: 1, instance: "t", directory: "/nowhere"))
        #expect(findings.map(\.name) == ["network slots", "virtual networks", "nft"])
        #expect(findings.allSatisfy { $0.status == .good }, "\(findings)")
        #expect(findings.first?.found.contains(SlotWorld.attachments.first?.rawValue ?? "?") == true)
    }

    @Test("slots that were built with another way are not taken over", .enabled(if: SlotWorld.attachments.count > 1))
    func otherWay() async throws {
        try await SlotWorld.with { world in
            let first = try await world.open(world.configuration(2, .direct, .clsact))
            await first.prepare()
            await first.shutdown(keepingSlots: true)
            let second = try await world.open(world.configuration(2, .direct, .clsact))
            await second.prepare()
            #expect(second.statistics.builds.count == 0)
            await second.shutdown(keepingSlots: true)
            let third = try await world.open(world.configuration(2))
            await third.prepare()
            #expect(third.statistics.builds.count == 2)
            await third.shutdown()
        }
    }

    @Test("by clsact, interfaces of the host get back what they had: at a stop, and after a crash")
    func borrowed() async throws {
        try await SlotWorld.with { world in
            let outside = try world.makeServer()
            let far = try NetworkNamespace.create()
            // One that has classifiers, and somebody else's program in them.
            let busy = try world.run { netlink throws(NetworkError) in
                let request = far.withRaw { raw in
                    NetlinkRequest.makeVeth(.init("busy"), peer: .init("far", namespace: raw))
                }
                try netlink.perform([request])
                let link = try netlink.link(named: "busy")
                try netlink.perform([.makeClassifiers(at: link)])
                return link
            }
            let server = try world.run { netlink throws(NetworkError) in try netlink.link(named: "server") }
            #expect(try world.filters() == [busy: []])
            let configuration = world.configuration(1, .bridged, .clsact)
            try await world.withPool(configuration) { pool in
                #expect(try world.filters()[busy] == ["thaw-\(world.instance)"])
                #expect(try world.filters()[server] == ["thaw-\(world.instance)+clsact"])
                let stranger = pool.ground.programs.filter(.init(.hubFromTunnel, server, .egress), named: "stranger")
                try world.run { netlink throws(NetworkError) in try netlink.perform([stranger]) }
            }
            #expect(try world.filters() == [busy: [], server: ["stranger"]])
            try world.run { netlink throws(NetworkError) in try netlink.perform([.removeClassifiers(from: server)]) }

            let crashed = try await world.open(configuration)
            await crashed.prepare()
            await crashed.shutdown(keepingSlots: true)
            #expect(try world.filters()[server] != nil)
            // The same again, then another layout.
            let again = try await world.open(configuration)
            #expect(try world.filters()[server] == ["thaw-\(world.instance)+clsact"])
            await again.shutdown(keepingSlots: true)
            let other = try await world.open(world.configuration(1))
            #expect(try world.filters() == [busy: []])
            await other.shutdown()
            withExtendedLifetime((outside, far)) {}
        }
    }

    fileprivate static func links() throws -> [String] {
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        return try netlink.query(.dumpLinks()).compactMap(\.linkSummary?.name)
    }
}

extension SlotWorld {
    fileprivate func run<R>(
        _ body: (inout NetlinkSession<NetlinkSocket>) throws(NetworkError) -> R
    ) throws(NetworkError) -> R {
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            return try body(&netlink)
        }
    }

    /// The names of the programs in the classifiers of the host's interfaces, but for the server's own.
    fileprivate func filters() throws -> [NetlinkRequest.Link: [String]] {
        try run { netlink throws(NetworkError) in
            let links = try netlink.query(.dumpLinks()).compactMap(\.linkSummary)
            let ours = links.filter { $0.name.hasPrefix(HostUplink.prefix) }.map(\.link)
            var found: [NetlinkRequest.Link: [String]] = [:]
            for link in try netlink.query(.dumpQueueing()).compactMap(\.classifiersLink) where !ours.contains(link) {
                found[link] = []
                for classifier in NetlinkRequest.Classifier.allCases {
                    found[link]? += try netlink.query(.dumpFilters(of: link, classifier))
                        .compactMap { $0.program(at: classifier)?.name }
                }
            }
            return found
        }
    }
}
