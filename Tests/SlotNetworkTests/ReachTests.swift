import CSlotPrograms
import Glibc
import LinuxKit
import NetworkModel
import SlotNetwork
import SystemPackage
import TestSupport
import Testing

/// What processes in a slot reach in each mode, with real sockets and a real server in a namespace of its own.
@Suite(.requiresRoot, .serialized) struct ReachTests {
    static let layouts = SlotLayout.allCases
    static let attachments = SlotWorld.attachments
    private static let anywhere = IPv4Prefix(IPv4Address(0, 0, 0, 0), length: 0)

    @Test(
        "egress: the server sees the slot's own address, whoever asks inside is 169.254.0.21", arguments: layouts,
        attachments)
    func egress(layout: SlotLayout, attachment: ProgramAttachment) async throws {
        try await SlotWorld.with { world in
            let server = try world.makeServer()
            let greeting = try GreetingServer(in: server, port: 80, saying: "seen")
            try await world.withPool(world.configuration(4, layout, attachment)) { pool in
                for _ in 0..<4 {
                    let slot = try await pool.claim()
                    try slot.bind(.process, to: .egress)
                    let answer = try GreetingServer.ask(from: slot.openNamespace(), SlotWorld.serverAddress, 80)
                    #expect(answer == "seen \(pool.outsideAddress(of: slot.index))")
                    let counters = try pool.ground.programs.maps.counters(of: slot.index)
                    #expect(counters.sentPackets >= 3 && counters.receivedPackets >= 3)
                    // A bridge says something when it comes up; that was before the slot was bound.
                    #expect(counters.dropped.keys.allSatisfy { $0 == .closed })
                }
            }
            withExtendedLifetime(greeting) {}
        }
    }

    @Test("isolated: every destination is unreachable, at once", arguments: layouts, attachments)
    func isolated(layout: SlotLayout, attachment: ProgramAttachment) async throws {
        try await SlotWorld.with { world in
            let server = try world.makeServer()
            let greeting = try GreetingServer(in: server, port: 80, saying: "seen")
            try await world.withPool(world.configuration(1, layout, attachment)) { pool in
                let slot = try await pool.claim()
                // Unbound, nothing is even answered.
                #expect(
                    try TestSocket.connects(from: slot.openNamespace(), to: SlotWorld.serverAddress, 80)
                        == .nowInProgress)
                try slot.bind(.process, to: .isolated)
                for address in [SlotWorld.serverAddress, IPv4Address(8, 8, 8, 8), IPv4Address(169, 254, 169, 254)] {
                    #expect(try TestSocket.connects(from: slot.openNamespace(), to: address, 80) == .connectionRefused)
                }
                let datagram = try NetworkNamespace.run(in: slot.openNamespace()) { () throws(NetworkError) in
                    let socket = try TestSocket.make(TestSocket.datagram)
                    try TestSocket.connect(socket, SlotWorld.serverAddress, 53)
                    return TestSocket.failure { () throws(Errno) in
                        _ = try socket.write([1])
                        _ = try socket.read(upTo: 10)
                    }
                }
                #expect(datagram == .networkUnreachable)
                let counters = try pool.ground.programs.maps.counters(of: slot.index)
                #expect(counters.dropped[.policy] ?? 0 >= 4 && counters.dropped[.closed] ?? 0 > 0)
            }
            withExtendedLifetime(greeting) {}
        }
    }

    @Test(
        "egress: no other slot, no metadata address, not the host itself; nobody connects to a slot",
        arguments: layouts,
        attachments
    )
    func egressLimits(layout: SlotLayout, attachment: ProgramAttachment) async throws {
        try await SlotWorld.with { world in
            let server = try world.makeServer()
            let onHost = try GreetingServer(in: world.host, port: 22, saying: "host")
            try await world.withPool(world.configuration(2, layout, attachment)) { pool in
                let (one, other) = (try await pool.claim(), try await pool.claim())
                try one.bind(.process, to: .egress)
                try other.bind(.process, to: .egress)
                let listening = try GreetingServer(in: other.openNamespace(), port: 80, saying: "other")
                let outside = pool.outsideAddress(of: other.index)
                #expect(try TestSocket.connects(from: one.openNamespace(), to: outside, 80) == .connectionRefused)
                let metadata = IPv4Address(169, 254, 169, 254)
                #expect(try TestSocket.connects(from: one.openNamespace(), to: metadata, 80) == .connectionRefused)
                #expect(
                    try TestSocket.connects(from: one.openNamespace(), to: SlotWorld.hostAddress, 22)
                        == .connectionRefused)
                // The host has no route to it.
                let nowhere = IPv4Address(203, 0, 113, 1)
                #expect(try TestSocket.connects(from: one.openNamespace(), to: nowhere, 80) == .connectionRefused)
                let datagrams = try Self.datagrams(from: one.openNamespace(), to: nowhere, 80)
                let refused = TestSocket.failure { () throws(Errno) in
                    _ = try datagrams.descriptor.write([1])
                    _ = try datagrams.descriptor.read(upTo: 10)
                }
                #expect(refused == .networkUnreachable)
                #expect(try pool.ground.programs.maps.counters(of: one.index).dropped[.policy] ?? 0 >= 5)
                // From outside, the host's neighbours included.
                #expect(TestSocket.connects(from: server, to: outside, 80) != nil)
                #expect(TestSocket.connects(from: world.host, to: outside, 80) != nil)
                let counters = try pool.ground.programs.maps.counters(of: other.index)
                #expect(counters.dropped[.inbound] ?? 0 >= 2)
                withExtendedLifetime(listening) {}
            }
            withExtendedLifetime(onHost) {}
        }
    }

    @Test(
        "UDP, its errors, large datagrams in fragments, and ping pass the translation both ways", arguments: layouts,
        attachments)
    func protocols(layout: SlotLayout, attachment: ProgramAttachment) async throws {
        try await SlotWorld.with { world in
            let server = try world.makeServer()
            try await world.withPool(world.configuration(1, layout, attachment)) { pool in
                let slot = try await pool.claim()
                try slot.bind(.process, to: .egress)
                let echo = try NetworkNamespace.run(in: server) { () throws(NetworkError) in
                    let socket = try TestSocket.make(TestSocket.datagram)
                    try TestSocket.bind(socket, SlotWorld.serverAddress, 53)
                    return socket.shared()
                }
                let client = try Self.datagrams(from: slot.openNamespace(), to: SlotWorld.serverAddress, 53)
                for size in [1, 1400, 3000, 9000] {
                    let sent = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ size) }
                    let answer = try Self.exchange(client, echo, sent)
                    #expect(answer == sent, "\(size) bytes")
                }
                #expect(try Self.pings(from: slot.openNamespace(), SlotWorld.serverAddress))
                // Nobody listens: the server's ICMP error names, inside, what only the guest can know.
                let refused = try NetworkNamespace.run(in: slot.openNamespace()) { () throws(NetworkError) in
                    let socket = try TestSocket.make(TestSocket.datagram)
                    try TestSocket.connect(socket, SlotWorld.serverAddress, 5300)
                    return TestSocket.failure { () throws(Errno) in
                        _ = try socket.write([1])
                        _ = try socket.read(upTo: 10)
                    }
                }
                #expect(refused == .connectionRefused)
                for namespace in try [slot.openNamespace(), pool.ground.hub.namespace, world.host, server] {
                    let tracked = try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
                        try ConnectionTracking.count()
                    }
                    #expect(tracked == 0)
                }
            }
        }
    }

    @Test(
        "two virtual networks with the same addresses each lead to their own station", arguments: layouts, attachments)
    func virtualNetworks(layout: SlotLayout, attachment: ProgramAttachment) async throws {
        try await SlotWorld.with { world in
            let (red, blue) = (try world.makeServer(), try NetworkNamespace.create())
            // Both stations are behind the same endpoint, apart only by the network's identifier.
            let address = IPv4Address(10, 0, 0, 1)
            try world.addTunnelEnd(
                in: red, named: "red", network: 100, address: address, prefix: 24, station: Self.station)
            try Self.addBlueEnd(world, red: red, blue: blue, address)
            let greetings = [
                try GreetingServer(in: red, port: 80, saying: "red", at: address),
                try GreetingServer(in: blue, port: 80, saying: "blue", at: address),
            ]
            var configuration = world.configuration(4, layout, attachment)
            // So that all four claims together see each network from each trunk.
            configuration.trunkSize = 2
            try await world.withPool(configuration) { pool in
                for _ in 0..<2 {
                    for (name, network) in [("red", UInt32(100)), ("blue", 200)] {
                        let slot = try await pool.claim()
                        try slot.bind(.process, to: .vpc(Self.network(name, network)))
                        let answer = try GreetingServer.ask(from: slot.openNamespace(), address, 80)
                        #expect(answer.hasPrefix("\(name) 10.0.0.1"), "\(answer)")
                        #expect(
                            try TestSocket.connects(from: slot.openNamespace(), to: SlotWorld.serverAddress, 80)
                                == .connectionRefused)
                    }
                }
            }
            withExtendedLifetime(greetings) {}
        }
    }

    @Test("a port that somebody had at the start gives virtual networks once it is free")
    func tunnelPort() async throws {
        try await SlotWorld.with { world in
            func takePort() throws -> SharedDescriptor {
                try NetworkNamespace.run(in: world.host) { () throws(NetworkError) in
                    let socket = try TestSocket.make(TestSocket.datagram)
                    try TestSocket.bind(socket, IPv4Address(rawValue: 0), 4789)
                    return socket.shared()
                }
            }
            var other: SharedDescriptor? = try takePort()
            let pool = try await world.open(world.configuration(1))
            let slot = try await pool.claim()
            let network = NetworkMode.vpc(Self.network("red", 100))
            let failure = #expect(throws: SlotError.self) { try slot.bind(.process, to: network) }
            #expect(failure.map { "\($0)" }?.contains("--tunnel-port") == true)
            #expect(other != nil)
            other = nil
            #expect(throws: Never.self) { try slot.bind(.process, to: network) }
            await pool.shutdown()
        }
    }

    @Test(
        "what a guest asks its gateway for names is answered by its network's name server", arguments: layouts,
        attachments)
    func nameService(layout: SlotLayout, attachment: ProgramAttachment) async throws {
        try await SlotWorld.with { world in
            let server = try world.makeServer()
            let inNetwork = IPv4Address(10, 0, 0, 1)
            try world.addTunnelEnd(
                in: server, named: "red", network: 100, address: inNetwork, prefix: 24, station: Self.station)
            let names = try GreetingServer(in: server, port: 53, saying: "names")
            let echo = try NetworkNamespace.run(in: server) { () throws(NetworkError) in
                let socket = try TestSocket.make(TestSocket.datagram)
                try TestSocket.bind(socket, IPv4Address(rawValue: 0), 53)
                return socket.shared()
            }
            var configuration = world.configuration(2, layout, attachment)
            configuration.nameServer = SlotWorld.serverAddress
            var network = Self.network("red", 100)
            network.nameServer = inNetwork
            let modes: [(NetworkMode, IPv4Address)] = [(.egress, SlotWorld.serverAddress), (.vpc(network), inNetwork)]
            try await world.withPool(configuration) { pool in
                for (mode, address) in modes {
                    let slot = try await pool.claim()
                    try slot.bind(.process, to: mode)
                    let client = try Self.datagrams(from: slot.openNamespace(), to: SlotAddresses.gateway, 53)
                    #expect(try Self.exchange(client, echo, [1, 2, 3]) == [1, 2, 3])
                    #expect(
                        try GreetingServer.ask(from: slot.openNamespace(), SlotAddresses.gateway, 53).hasPrefix("names")
                    )
                    // By its own address, and the gateway for anything else.
                    #expect(try TestSocket.connects(from: slot.openNamespace(), to: address, 53) == .connectionRefused)
                    #expect(
                        try TestSocket.connects(from: slot.openNamespace(), to: SlotAddresses.gateway, 80)
                            == .connectionRefused)
                }
            }
            withExtendedLifetime(names) {}
        }
    }

    @Test("a question for names fails at once where nobody answers them", arguments: layouts, attachments)
    func noNameService(layout: SlotLayout, attachment: ProgramAttachment) async throws {
        try await SlotWorld.with { world in
            let server = try world.makeServer()
            var configuration = world.configuration(3, layout, attachment)
            configuration.nameServer = SlotWorld.serverAddress
            try await world.withPool(configuration) { pool in
                // The server's own error, about a packet that the guest does not know in this form.
                let modes: [(NetworkMode, Errno)] = [
                    (.egress, .connectionRefused), (.isolated, .networkUnreachable),
                    (.vpc(Self.network("red", 100)), .networkUnreachable),
                ]
                for (mode, expected) in modes {
                    let slot = try await pool.claim()
                    try slot.bind(.process, to: mode)
                    let client = try Self.datagrams(from: slot.openNamespace(), to: SlotAddresses.gateway, 53)
                    let failure = TestSocket.failure { () throws(Errno) in
                        _ = try client.descriptor.write([1])
                        _ = try client.descriptor.read(upTo: 10)
                    }
                    #expect(failure == expected, "\(mode)")
                }
            }
            withExtendedLifetime(server) {}
        }
    }

    private static func datagrams(
        from namespace: SharedDescriptor, to address: IPv4Address, _ port: UInt16
    ) throws(NetworkError) -> SharedDescriptor {
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            let socket = try TestSocket.make(TestSocket.datagram)
            try TestSocket.connect(socket, address, port)
            return socket.shared()
        }
    }

    private static let station = MACAddress(2, 0, 0, 0, 0, 1)

    /// A network whose sandboxes get 10.0.0.128 to 10.0.0.191.
    static func network(_ name: String, _ identifier: UInt32) -> VPCNetwork {
        VPCNetwork(
            name: name, identifier: identifier, subnet: IPv4Prefix(IPv4Address(10, 0, 0, 0), length: 24),
            addresses: IPv4Address(10, 0, 0, 128)...IPv4Address(10, 0, 0, 191),
            endpoints: [
                VPCNetwork.Endpoint(
                    address: SlotWorld.serverAddress, destination: IPv4Prefix(IPv4Address(10, 0, 0, 0), length: 24),
                    hardwareAddress: station)
            ])
    }

    /// The other network's station, in a namespace behind the same tunnel endpoint: its device is made by the endpoint.
    private static func addBlueEnd(
        _ world: SlotWorld, red: SharedDescriptor, blue: SharedDescriptor, _ address: IPv4Address
    ) throws {
        try NetworkNamespace.run(in: red) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let request = blue.withRaw { raw in
                NetlinkRequest.makeTunnel(
                    .init("blue", index: 9, hardwareAddress: station, namespace: raw),
                    .fixed(identifier: 200, remote: SlotWorld.hostAddress), port: 4789)
            }
            try netlink.perform([request])
        }
        try NetworkNamespace.run(in: blue) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.perform([
                .change(.loopback, .up), .change(.init(index: 9), .up),
                .addAddress(address, prefix: 24, to: .init(index: 9)),
            ])
        }
    }

    private static func exchange(
        _ client: SharedDescriptor, _ echo: SharedDescriptor, _ bytes: [UInt8]
    ) throws(NetworkError) -> [UInt8] {
        try TestSocket.attempt("exchange \(bytes.count) bytes") { () throws(Errno) in
            _ = try client.descriptor.write(bytes)
            var peer = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = try echo.withRaw { raw throws(Errno) in
                try syscall {
                    withUnsafeMutablePointer(to: &peer) { pointer in
                        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                            recvfrom(raw, &buffer, buffer.count, 0, $0, &size)
                        }
                    }
                }
            }
            _ = try echo.withRaw { raw throws(Errno) in
                try syscall {
                    withUnsafePointer(to: &peer) { pointer in
                        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                            sendto(raw, buffer, count, 0, $0, size)
                        }
                    }
                }
            }
            return try client.descriptor.read(upTo: 65_536)
        }
    }

    /// Whether an ICMP echo of 3,000 bytes is answered.
    private static func pings(from namespace: SharedDescriptor, _ address: IPv4Address) throws -> Bool {
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            let socket = try TestSocket.make(TestSocket.raw, CInt(IPPROTO_ICMP))
            try TestSocket.connect(socket, address, 0)
            var message: [UInt8] = [8, 0, 0, 0, 0x12, 0x34, 0, 1] + (0..<3000).map { UInt8(truncatingIfNeeded: $0) }
            let sum = Frames.checksum(message)
            (message[2], message[3]) = (UInt8(sum >> 8), UInt8(sum & 255))
            return try TestSocket.attempt("ping") { () throws(Errno) in
                _ = try socket.write(message)
                // A raw socket reads the IP header too.
                let answer = try socket.read(upTo: 65_536)
                return answer.count == message.count + 20 && answer[20] == 0
                    && Array(answer[28...]) == Array(message[8...])
            }
        }
    }
}
