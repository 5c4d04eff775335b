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
            var links = try OnDemandLinks()
            try links.addVeth(uplink, peer: uplink, in: host.server)
            var session = NetlinkSession(transport: try NetlinkSocket())
            try session.setUp(uplink, address: hostAddress, prefix: 24)
        }
        try NetworkNamespace.run(in: host.server) { () throws(NetworkError) in
            try prepare()
            var session = NetlinkSession(transport: try NetlinkSocket())
            let link = try session.setUp(uplink, address: serverAddress, prefix: 24)
            try session.addRoute(to: IPv4Address(rawValue: 0), prefix: 0, via: hostAddress, over: link)
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
            var links = try OnDemandLinks()
            try links.addVeth(name, peer: "eth0", in: client)
            var session = NetlinkSession(transport: try NetlinkSocket())
            try session.setUp(name, address: gateway, prefix: 31)
        }
        try NetworkNamespace.run(in: client) { () throws(NetworkError) in
            try Self.prepare()
            var session = NetlinkSession(transport: try NetlinkSocket())
            let link = try session.setUp("eth0", address: address, prefix: 31)
            if let source { try session.addAddress(source, prefix: 32, to: link) }
            var links = try OnDemandLinks()
            try links.addDefaultRoute(via: gateway, from: source ?? address, over: link.index)
        }
        return client
    }

    /// From a client to a listener of its own at the server.
    func load(from client: SharedDescriptor, port: UInt16) throws(NetworkError) -> TCPLoad {
        try TCPLoad(from: client, to: Endpoint(address: Self.serverAddress, port: port), in: server)
    }

    /// In a new namespace: no IPv6, so that nothing is sent but what is measured; forwarding; the loopback up.
    static func prepare() throws(NetworkError) {
        let settings = [
            ("ipv6/conf/all/disable_ipv6", "1"), ("ipv6/conf/default/disable_ipv6", "1"), ("ipv4/ip_forward", "1"),
        ]
        for (name, value) in settings {
            let file = FilePath("/proc/sys/net/\(name)")
            try BenchSocket.attempt("write \(file)") { () throws(Errno) in try SmallFile.set(file, to: value) }
        }
        var session = NetlinkSession(transport: try NetlinkSocket())
        try session.bringUp(try session.link(named: "lo"))
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
    @discardableResult
    mutating func setUp(_ name: String, address: IPv4Address, prefix: UInt8) throws(NetworkError) -> Link {
        let link = try link(named: name)
        try addAddress(address, prefix: prefix, to: link)
        try bringUp(link)
        return link
    }
}
