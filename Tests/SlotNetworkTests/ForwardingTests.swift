import Foundation
import Glibc
import LinuxKit
import NetworkModel
import SlotNetwork
import SystemPackage
import TestSupport
import Testing

/// What a host passes on for its slots' sake, and what not.
@Suite(.requiresRoot, .serialized) struct ForwardingTests {
    static let modes: [EgressMode] = [.routed, .masquerade]

    @Test("a host that passed nothing on does so for its slots alone", arguments: modes)
    func guarded(mode: EgressMode) async throws {
        try await SlotWorld.with { world in
            let server = try world.makeServer()
            let other = try Neighbour(of: world)
            let greeting = try GreetingServer(in: server, port: 80, saying: "seen")
            var configuration = world.configuration(1)
            configuration.egress = mode
            let before = try world.forwarding()
            #expect(try !other.hears(server))
            try await world.withPool(configuration) { pool in
                let slot = try await pool.claim()
                try slot.bind(.process, to: .egress)
                let answer = try GreetingServer.ask(from: slot.openNamespace(), SlotWorld.serverAddress, 80)
                #expect(answer.hasPrefix("seen"))
                #expect(try !other.hears(server))
                #expect(try world.setting("ip_forward") == "0")
            }
            #expect(try world.forwarding() == before)
            #expect(try world.tables().isEmpty)
            withExtendedLifetime(greeting) {}
        }
    }

    @Test("interfaces that passed packets on before go on with that, and keep it", arguments: modes)
    func others(mode: EgressMode) async throws {
        try await SlotWorld.with { world in
            let server = try world.makeServer()
            let other = try Neighbour(of: world)
            try NetworkNamespace.run(in: world.host) { () throws(NetworkError) in
                try TestSocket.attempt("forward") { () throws(Errno) in
                    try SmallFile.set("/proc/sys/net/ipv4/conf/server/forwarding", to: "1")
                }
            }
            var configuration = world.configuration(1)
            configuration.egress = mode
            let before = try world.forwarding()
            #expect(try other.hears(server, atMost: .seconds(10)))
            let meanwhile = try await world.withPool(configuration) { _ in try other.hears(server, atMost: .seconds(10))
            }
            #expect(meanwhile)
            #expect(try world.forwarding() == before)
            #expect(try other.hears(server, atMost: .seconds(10)))
        }
    }

    @Test("the last of a host's servers has it pass packets on no longer")
    func forwarding() async throws {
        try await SlotWorld.with { world in
            func configuration(_ instance: String, _ port: UInt16) -> SlotConfiguration {
                let directory = world.directory.removingLastComponent().appending(instance).appending("slots")
                var configuration = SlotConfiguration(count: 1, instance: instance, directory: directory)
                (configuration.egress, configuration.tunnelPort) = (.routed, port)
                return configuration
            }
            let server = try world.makeServer()
            defer { withExtendedLifetime(server) {} }
            #expect(try !world.forwards())
            let first = try await world.open(configuration("a\(world.instance.prefix(5))", 4789))
            let second = try await world.open(configuration("b\(world.instance.prefix(5))", 4790))
            #expect(try world.forwards())
            await first.shutdown()
            #expect(try world.forwards())
            await second.shutdown()
            #expect(try !world.forwards())
            // One whose slots wait to be taken over needs it no more than one that is gone.
            let dead = try await world.open(configuration("a\(world.instance.prefix(5))", 4789))
            let last = try await world.open(configuration("b\(world.instance.prefix(5))", 4790))
            await dead.shutdown(keepingSlots: true)
            #expect(try world.forwards())
            await last.shutdown()
            #expect(try !world.forwards())
            let again = try await world.open(configuration("a\(world.instance.prefix(5))", 4789))
            #expect(try world.forwards())
            await again.shutdown()
            #expect(try !world.forwards())
        }
    }
}

/// Another network beside the host.
private struct Neighbour {
    private static let (gateway, address) = (IPv4Address(203, 0, 113, 1), IPv4Address(203, 0, 113, 2))
    private let socket: SharedDescriptor

    init(of world: SlotWorld) throws {
        let namespace = try NetworkNamespace.create()
        let inner = NetlinkRequest.Link(index: 2)
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let veth = world.host.withRaw { raw in
                NetlinkRequest.makeVeth(.init("eth0", index: inner.index), peer: .init("other", namespace: raw))
            }
            try netlink.perform([veth, .change(inner, .up), .addAddress(Self.address, prefix: 24, to: inner)])
        }
        try NetworkNamespace.run(in: world.host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let link = try netlink.link(named: "other")
            try netlink.perform([.change(link, .up), .addAddress(Self.gateway, prefix: 24, to: link)])
        }
        socket = try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            let socket = try TestSocket.make(TestSocket.datagram)
            try TestSocket.bind(socket, Self.address, 9)
            return socket.shared()
        }
    }

    /// Whether a datagram gets here that is sent by the host to it. What does not come is not waited for long.
    func hears(_ sender: SharedDescriptor, atMost limit: Duration = .milliseconds(200)) throws -> Bool {
        try NetworkNamespace.run(in: sender) { () throws(NetworkError) in
            let sending = try TestSocket.make(TestSocket.datagram)
            try TestSocket.connect(sending, Self.address, 9)
            return try TestSocket.attempt("send") { () throws(Errno) in
                // An error about it may come instead.
                _ = try? sending.write([1])
                guard try socket.descriptor.wait(for: .readable, atMost: limit) else { return false }
                return try socket.descriptor.read(upTo: 10) == [1]
            }
        }
    }
}

extension SlotWorld {
    /// A setting of the host's: below net.ipv4.
    fileprivate func setting(_ name: String) throws -> String {
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            try TestSocket.attempt("read \(name)") { () throws(Errno) in
                try SmallFile.text(FilePath("/proc/sys/net/ipv4").appending(name)).trimmingCharacters(in: .newlines)
            }
        }
    }

    fileprivate func forwards() throws -> Bool { try setting("conf/server/forwarding") == "1" }

    /// All interfaces of the host that pass packets on, by name.
    func forwarding() throws -> [String] {
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let names = ["all", "default"] + (try netlink.query(.dumpLinks()).compactMap(\.linkSummary?.name))
            return names.filter { name in
                (try? SmallFile.text(FilePath("/proc/sys/net/ipv4/conf").appending(name).appending("forwarding")))?
                    .first
                    == "1"
            }
        }
    }

    /// The tables of the host's packet filter.
    fileprivate func tables() throws -> String {
        var plan = SpawnPlan(
            executable: HostTools.packetFilter, arguments: ["nft", "list", "tables"], environment: [:])
        plan.birthplace = Birthplace(network: host)
        let (output, input) = try OwnedDescriptor.pipe(nonblocking: true).take { ($0.shared(), $1.shared()) }
        plan.descriptors = [1: input]
        _ = try plan.spawn().waitBlocking()
        return String(decoding: (try? output.descriptor.read(upTo: 1000)) ?? [], as: UTF8.self)
    }
}
