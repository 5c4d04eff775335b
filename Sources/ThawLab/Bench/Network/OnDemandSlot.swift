import Glibc
import LinuxKit
import SystemPackage

/// A slot made when it is asked for, one request after the other: devices are made in the host's namespace and moved into the
/// slot's, IPv6 is switched off through /proc, the tunnel has its network's number from the start. The same devices as a bridged
/// slot of ours.
///
/// Its devices end with it.
struct OnDemandSlot: Sendable {
    /// Where slots are made, and where their tunnels end.
    struct Host: Sendable {
        var namespace: SharedDescriptor
        var remote: IPv4Address
    }

    private static let port: UInt16 = 4790
    private static let tap = "tap0"

    let index: Int
    let host: Host
    let namespace: SharedDescriptor

    /// Blocks. The calling thread is in the host's namespace.
    static func make(_ index: Int, network: UInt32, host: Host) throws(NetworkError) -> OnDemandSlot {
        let slot = OnDemandSlot(index: index, host: host, namespace: try NetworkNamespace.create())
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        try netlink.perform([.makeVeth(.init(slot.inner), peer: .init(slot.outer))])
        try slot.move(slot.inner, &netlink)
        try slot.makeTunnel(network, &netlink)
        let outer = try netlink.link(named: slot.outer)
        try netlink.addAddress(slot.gateway, prefix: 31, to: outer)
        try netlink.bringUp(outer)
        try NetworkNamespace.run(in: slot.namespace) { () throws(NetworkError) in try slot.configure() }
        return slot
    }

    private var inner: String { "on\(index)" }
    private var outer: String { "od\(index)" }
    private var tunnel: String { "ot\(index)" }
    /// Of the host's end; the slot's is the address after it.
    private var gateway: IPv4Address { IPv4Address(10, 192, 0, 0) + UInt32(index * 2) }

    private typealias Session = NetlinkSession<NetlinkSocket>

    private func move(_ name: String, _ netlink: inout Session) throws(NetworkError) {
        let link = try netlink.link(named: name)
        let request = namespace.withRaw { NetlinkRequest.move(link, toNamespace: $0) }
        try netlink.perform([request])
    }

    private func makeTunnel(_ network: UInt32, _ netlink: inout Session) throws(NetworkError) {
        try netlink.perform([
            .makeTunnel(.init(tunnel), .fixed(identifier: network, remote: host.remote), port: Self.port)
        ])
        try move(tunnel, &netlink)
    }

    /// Everything inside the slot.
    private func configure() throws(NetworkError) {
        try BenchHost.disableIPv6()
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        try netlink.bringUp(.loopback)
        try netlink.perform([.makeBridge(.init("br0"))])
        let bridge = try netlink.link(named: "br0")
        // Any number that is free: it is chosen here and not by the kernel.
        try Tap.make(named: Self.tap, index: 100_000)
        for name in [Self.tap, tunnel] {
            let port = try netlink.link(named: name)
            try netlink.perform([.enslave(port, to: bridge)])
            try netlink.bringUp(port)
        }
        try netlink.addAddress(IPv4Address(169, 254, 0, 22), prefix: 30, to: bridge)
        try netlink.bringUp(bridge)
        let uplink = try netlink.link(named: inner)
        try netlink.addAddress(gateway + 1, prefix: 31, to: uplink)
        try netlink.bringUp(uplink)
        try netlink.addRoute(to: IPv4Address(rawValue: 0), prefix: 0, via: gateway, over: uplink)
    }

    /// What it took before to give a slot another network: its tunnel is taken down and made again. Blocks.
    func replaceTunnel(network: UInt32) throws(NetworkError) {
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.perform([.delete(named: tunnel)])
        }
        try NetworkNamespace.run(in: host.namespace) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try makeTunnel(network, &netlink)
        }
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let link = try netlink.link(named: tunnel)
            try netlink.perform([.enslave(link, to: try netlink.link(named: "br0"))])
            try netlink.bringUp(link)
        }
    }
}
