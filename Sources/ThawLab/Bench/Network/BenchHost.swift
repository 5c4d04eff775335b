import Glibc
import LinuxKit
import SystemPackage

/// A host of the bench's own: a namespace that forwards, with an uplink to a server in another. Everything ends with it.
///
/// What is measured beside each other has a host each: a rule that one way of doing things needs must not slow the other.
struct BenchHost: Sendable {
    /// What stands for the host's own namespace.
    let namespace: SharedDescriptor
    let server: SharedDescriptor

    static let uplink = "up0"
    static let hostAddress = IPv4Address(192, 0, 2, 1)
    static let serverAddress = IPv4Address(192, 0, 2, 2)

    /// Blocks.
    static func make() throws(NetworkError) -> BenchHost {
        let host = BenchHost(namespace: try NetworkNamespace.create(), server: try NetworkNamespace.create())
        try NetworkNamespace.run(in: host.namespace) { () throws(NetworkError) in
            try prepare()
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.makeVeth(uplink, peer: uplink, in: host.server)
            try netlink.setUp(uplink, address: hostAddress, prefix: 24)
        }
        try NetworkNamespace.run(in: host.server) { () throws(NetworkError) in
            try prepare()
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let link = try netlink.setUp(uplink, address: serverAddress, prefix: 24)
            try netlink.perform([.addRoute(to: .everything, via: hostAddress, over: link)])
        }
        return host
    }

    /// A namespace of a client with the address `address` on a link to the host, whose end has the address before it. What the
    /// client sends comes from `source`, another address of its own, where that is given.
    func client(
        _ name: String, _ address: IPv4Address, source: IPv4Address? = nil
    ) throws(NetworkError) -> SharedDescriptor {
        let client = try NetworkNamespace.create()
        let gateway = IPv4Address(rawValue: address.rawValue - 1)
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.makeVeth(name, peer: "eth0", in: client)
            try netlink.setUp(name, address: gateway, prefix: 31)
        }
        try NetworkNamespace.run(in: client) { () throws(NetworkError) in
            try Self.prepare()
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let link = try netlink.setUp("eth0", address: address, prefix: 31)
            if let source { try netlink.addAddress(source, prefix: 32, to: link) }
            try netlink.perform([.addRoute(to: .everything, via: gateway, over: link, source: source ?? address)])
        }
        return client
    }

    /// From a client to a listener of its own at the server.
    func load(from client: SharedDescriptor, port: UInt16) throws(NetworkError) -> TCPLoad {
        try TCPLoad(from: client, to: Endpoint(address: Self.serverAddress, port: port), in: server)
    }

    /// In a new namespace: no IPv6, so that nothing is sent but what is measured; forwarding; the loopback up.
    static func prepare() throws(NetworkError) {
        try disableIPv6()
        try set("ipv4/ip_forward", to: "1")
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        try netlink.bringUp(.loopback)
    }

    static func disableIPv6() throws(NetworkError) {
        for name in ["all", "default"] { try set("ipv6/conf/\(name)/disable_ipv6", to: "1") }
    }

    private static func set(_ name: String, to value: String) throws(NetworkError) {
        try BenchSocket.attempt("write \(name)") { () throws(Errno) in
            try SmallFile.set(FilePath("/proc/sys/net/\(name)"), to: value)
        }
    }

    /// Connections that netfilter keeps track of in a namespace.
    static func trackedConnections(in namespace: SharedDescriptor) throws(NetworkError) -> Int {
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            try BenchSocket.attempt("read nf_conntrack_count") { () throws(Errno) in
                Int(try SmallFile.text("/proc/sys/net/netfilter/nf_conntrack_count").filter(\.isNumber)) ?? 0
            }
        }
    }
}

extension NetlinkSession {
    mutating func makeVeth(_ name: String, peer: String, in namespace: SharedDescriptor) throws(NetworkError) {
        let request = namespace.withRaw { NetlinkRequest.makeVeth(.init(name), peer: .init(peer, namespace: $0)) }
        try perform([request])
    }

    @discardableResult
    mutating func setUp(
        _ name: String, address: IPv4Address, prefix: UInt8
    ) throws(NetworkError) -> NetlinkRequest.Link {
        let link = try link(named: name)
        try addAddress(address, prefix: prefix, to: link)
        try bringUp(link)
        return link
    }
}

extension IPv4Prefix {
    static let everything = IPv4Prefix(IPv4Address(0, 0, 0, 0), length: 0)
}
