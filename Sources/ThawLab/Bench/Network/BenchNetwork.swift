import LinuxKit
import NetworkModel
import SlotNetwork

/// Virtual networks of the bench. All have the same addresses: only their numbers tell them apart.
enum BenchNetwork {
    static let subnet = IPv4Prefix(IPv4Address(10, 77, 0, 0), length: 16)
    static let server = IPv4Address(10, 77, 0, 1)
    /// Of a client that is no slot of ours.
    static let member = IPv4Address(10, 77, 0, 2)
    private static let port: UInt16 = 4789
    private static let device = "net0"
    /// What fits through the hosts' links, 1,500 bytes, with 50 bytes of outer headers.
    private static let largestPacket: UInt32 = 1450
    private static let station = MACAddress(0x02, 0, 0, 0, 0, 0x77)

    /// As a server of ours is told of it; what is in it lies behind the server of ``BenchHost``.
    static func definition(_ identifier: UInt32) -> VPCNetwork {
        VPCNetwork(
            name: "bench-\(identifier)", identifier: identifier, subnet: subnet,
            addresses: IPv4Address(10, 77, 1, 0)...IPv4Address(10, 77, 254, 255),
            endpoints: [
                VPCNetwork.Endpoint(
                    address: BenchHost.serverAddress, destination: subnet, hardwareAddress: station)
            ])
    }

    /// A server in the network: a namespace whose one device is the kernel's own tunnel to the host. Blocks.
    static func server(_ identifier: UInt32, of host: BenchHost) throws(NetworkError) -> SharedDescriptor {
        let inside = try makeTunnel(identifier, station, in: host.server, to: BenchHost.hostAddress)
        try configure(inside) { netlink, link throws(NetworkError) in
            try netlink.addAddress(server, prefix: subnet.length, to: link)
        }
        return inside
    }

    /// A client with a device of its own, whose tunnel has had the network's number from the start. Blocks.
    static func client(_ identifier: UInt32, of host: BenchHost) throws(NetworkError) -> SharedDescriptor {
        let inside = try makeTunnel(identifier, nil, in: host.namespace, to: BenchHost.serverAddress)
        try configure(inside) { netlink, link throws(NetworkError) in
            try netlink.addAddress(member, prefix: subnet.length, to: link)
        }
        return inside
    }

    /// Such a client that is a guest: it has the guest's address inside and the network's outside, by a table of connections.
    /// Blocks.
    static func guest(_ identifier: UInt32, of host: BenchHost) throws -> SharedDescriptor {
        let inside = try makeTunnel(identifier, nil, in: host.namespace, to: BenchHost.serverAddress)
        try configure(inside) { netlink, link throws(NetworkError) in
            for address in [member, SlotAddresses.guest] { try netlink.addAddress(address, prefix: 32, to: link) }
            try netlink.perform([
                .addRoute(to: subnet, via: server, over: link, isOnLink: true, source: SlotAddresses.guest)
            ])
        }
        try TrackedNAT.translate(guestTo: member, on: device, in: inside)
        return inside
    }

    /// The device of a member, in a namespace of its own; its outer packets are those of `outside`.
    private static func makeTunnel(
        _ identifier: UInt32, _ station: MACAddress?, in outside: SharedDescriptor, to remote: IPv4Address
    ) throws(NetworkError) -> SharedDescriptor {
        let inside = try NetworkNamespace.create()
        try NetworkNamespace.run(in: outside) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let request = inside.withRaw { raw in
                NetlinkRequest.makeTunnel(
                    .init(device, hardwareAddress: station, namespace: raw),
                    .fixed(identifier: identifier, remote: remote), port: port)
            }
            try netlink.perform([request])
        }
        return inside
    }

    private static func configure(
        _ inside: SharedDescriptor,
        _ body: (inout NetlinkSession<NetlinkSocket>, NetlinkRequest.Link) throws(NetworkError) -> Void
    ) throws(NetworkError) {
        try NetworkNamespace.run(in: inside) { () throws(NetworkError) in
            try BenchHost.prepare()
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let link = try netlink.link(named: device)
            try netlink.perform([.limitPackets(of: link, to: largestPacket)])
            try netlink.bringUp(link)
            try body(&netlink, link)
        }
    }
}
