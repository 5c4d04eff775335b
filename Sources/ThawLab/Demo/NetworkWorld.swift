import LinuxKit
import NetworkModel
import SlotNetwork

/// A small internet of the demonstration's own, in network namespaces that end with it: a host to which a server's slots lead, a
/// server beside it, and two virtual networks of equal addresses behind that one. Nothing of it touches this host's network.
struct NetworkWorld: Sendable {
    /// What a clone can ask for a greeting.
    struct Place: Sendable, Hashable {
        /// As it calls itself.
        var name: String
        var address: IPv4Address

        var text: String { "\(address):\(GreetingServer.port)" }
    }

    /// Where slots lead.
    let host: SharedDescriptor
    /// They serve for as long as somebody has them.
    private let servers: [GreetingServer]

    /// RFC 5737: addresses that nobody has.
    private static let hostAddress = IPv4Address(198, 51, 100, 1)
    private static let serverAddress = IPv4Address(198, 51, 100, 2)
    private static let stationAddress = IPv4Address(10, 0, 0, 1)
    private static let station = MACAddress(2, 0, 0, 0, 0, 1)
    private static let everywhere = IPv4Prefix(IPv4Address(0, 0, 0, 0), length: 0)
    private static let tunnelPort: UInt16 = 4789

    /// Beside the host, reached without a tunnel.
    static let outside = Place(name: "outside", address: serverAddress)
    static let networks = [network("red", 100), network("blue", 200)]
    /// In one of the networks: every one has its own at the same address.
    static func place(in network: VPCNetwork) -> Place { Place(name: network.name, address: stationAddress) }

    /// Blocks for some 20 ms.
    static func make() throws(NetworkError) -> NetworkWorld {
        let host = try NetworkNamespace.create()
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.bringUp(.loopback)
        }
        let server = try NetworkNamespace.create()
        try join(server, with: host)
        var servers = [try GreetingServer(outside.name, in: server)]
        for network in networks {
            servers.append(try GreetingServer(network.name, in: try makeStation(of: network, behind: server)))
        }
        return NetworkWorld(host: host, servers: servers)
    }

    private init(host: SharedDescriptor, servers: [GreetingServer]) {
        self.host = host
        self.servers = servers
    }

    /// Sandboxes get the addresses from 10.0.0.128 on, whichever of the networks they are in.
    private static func network(_ name: String, _ identifier: UInt32) -> VPCNetwork {
        let subnet = IPv4Prefix(stationAddress, length: 24)
        return VPCNetwork(
            name: name, identifier: identifier, subnet: subnet,
            addresses: subnet.address + 128...subnet.address + 254,
            endpoints: [
                VPCNetwork.Endpoint(address: serverAddress, destination: subnet, hardwareAddress: station)
            ])
    }

    /// A veth between the two; the server sends everything by the host.
    private static func join(_ server: SharedDescriptor, with host: SharedDescriptor) throws(NetworkError) {
        let interface = NetlinkRequest.Link(index: 2)
        try NetworkNamespace.run(in: server) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let request = host.withRaw { raw in
                NetlinkRequest.makeVeth(
                    .init("eth0", index: interface.index), peer: .init("server", namespace: raw))
            }
            try netlink.perform([
                request, .change(.loopback, .up), .change(interface, .up),
                .addAddress(serverAddress, prefix: 24, to: interface),
            ])
        }
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let link = try netlink.link(named: "server")
            try netlink.perform([.change(link, .up), .addAddress(hostAddress, prefix: 24, to: link)])
        }
        try NetworkNamespace.run(in: server) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.perform([.addRoute(to: everywhere, via: hostAddress, over: interface)])
        }
    }

    /// A namespace in which there is nothing but the network: the tunnel's frames come in, its packets travel at the server's.
    private static func makeStation(
        of network: VPCNetwork, behind server: SharedDescriptor
    ) throws(NetworkError) -> SharedDescriptor {
        let namespace = try NetworkNamespace.create()
        let tunnel = NetlinkRequest.Link(index: 2)
        try NetworkNamespace.run(in: server) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let request = namespace.withRaw { raw in
                NetlinkRequest.makeTunnel(
                    .init("eth0", index: tunnel.index, hardwareAddress: station, namespace: raw),
                    .fixed(identifier: network.identifier, remote: hostAddress), port: tunnelPort)
            }
            try netlink.perform([request])
        }
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.perform([
                .change(.loopback, .up), .change(tunnel, .up),
                .addAddress(stationAddress, prefix: network.subnet.length, to: tunnel),
            ])
        }
        return namespace
    }
}
