import Glibc
import LinuxKit
import SystemPackage

/// A slot made when it is asked for, one request after the other: devices are made in the host's namespace and moved into the
/// slot's, IPv6 is switched off through /proc, the tunnel has its network's number from the start. The same devices as a bridged
/// slot of ours.
///
/// Its devices end with it.
final class OnDemandSlot: Sendable {
    let namespace: SharedDescriptor
    private let tap: OwnedDescriptor

    /// Where slots are made, and where their tunnels begin and end.
    struct Host: Sendable {
        var namespace: SharedDescriptor
        var tunnel: OnDemandLinks.Tunnel
    }

    /// Blocks. The calling thread is in the host's namespace.
    init(index: Int, identifier: UInt32, host: Host) throws(NetworkError) {
        namespace = try NetworkNamespace.create()
        var links = try OnDemandLinks()
        var session = NetlinkSession(transport: try NetlinkSocket())
        let (outer, inner) = ("od\(index)", "on\(index)")
        try links.addVeth(inner, peer: outer)
        try links.move(try session.link(named: inner).index, to: namespace)
        let tunnel = "ot\(index)"
        try links.addVXLAN(tunnel, identifier: identifier, over: host.tunnel)
        try links.move(try session.link(named: tunnel).index, to: namespace)
        try session.bringUp(try session.link(named: outer))
        try session.addAddress(Self.address(index), prefix: 31, to: try session.link(named: outer))
        tap = try Tap.open(named: "tap0", in: namespace)
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            try Self.configure(inner: inner, tunnel: tunnel, index: index)
        }
    }

    /// Of the end in the host; the slot's is the one after it.
    private static func address(_ index: Int) -> IPv4Address {
        IPv4Address(10, 192, 0, 0) + UInt32(index * 2)
    }

    private static func configure(inner: String, tunnel: String, index: Int) throws(NetworkError) {
        try disableIPv6()
        var links = try OnDemandLinks()
        var session = NetlinkSession(transport: try NetlinkSocket())
        try session.bringUp(try session.link(named: "lo"))
        try links.addBridge("br0")
        let bridge = try session.link(named: "br0")
        for name in ["tap0", tunnel] {
            let port = try session.link(named: name)
            try links.enslave(port.index, to: bridge.index)
            try session.bringUp(port)
        }
        try session.addAddress(IPv4Address(169, 254, 0, 22), prefix: 30, to: bridge)
        try session.bringUp(bridge)
        let uplink = try session.link(named: inner)
        try session.addAddress(address(index) + 1, prefix: 31, to: uplink)
        try session.bringUp(uplink)
        try session.addRoute(to: IPv4Address(rawValue: 0), prefix: 0, via: address(index), over: uplink)
    }

    private static func disableIPv6() throws(NetworkError) {
        for name in ["all", "default"] {
            let file = FilePath("/proc/sys/net/ipv6/conf/\(name)/disable_ipv6")
            try BenchSocket.attempt("write \(file)") { () throws(Errno) in try SmallFile.set(file, to: "1") }
        }
    }

    /// What it took before to give a slot another network: its tunnel is taken down and made again. Blocks.
    func replaceTunnel(index: Int, identifier: UInt32, host: Host) throws(NetworkError) {
        let name = "ot\(index)"
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            var (links, session) = (try OnDemandLinks(), NetlinkSession(transport: try NetlinkSocket()))
            try links.delete(try session.link(named: name).index)
        }
        try NetworkNamespace.run(in: host.namespace) { () throws(NetworkError) in
            var (links, session) = (try OnDemandLinks(), NetlinkSession(transport: try NetlinkSocket()))
            try links.addVXLAN(name, identifier: identifier, over: host.tunnel)
            try links.move(try session.link(named: name).index, to: namespace)
        }
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            var (links, session) = (try OnDemandLinks(), NetlinkSession(transport: try NetlinkSocket()))
            let link = try session.link(named: name)
            try links.enslave(link.index, to: try session.link(named: "br0").index)
            try session.bringUp(link)
        }
    }
}
