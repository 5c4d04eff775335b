internal import CLinux
import Glibc
internal import SystemPackage

/// Makes links the way programs do that build a network when it is asked for: one request, one acknowledgement, one turn of the
/// kernel's lock at a time. For comparisons.
///
/// Of the namespace of the thread that made it.
package struct OnDemandLinks {
    private let socket: NetlinkSocket
    private var sequence: UInt32 = 0

    package init() throws(NetworkError) { socket = try NetlinkSocket() }

    /// `ip link add NAME type veth peer name PEER`; with `namespace`, `... netns` for the peer.
    package mutating func addVeth(
        _ name: String, peer: String, in namespace: SharedDescriptor? = nil
    ) throws(NetworkError) {
        var link = NetlinkRequest.nested(Int(IFLA_IFNAME), Self.text(peer))
        namespace?.withRaw { raw in link += NetlinkRequest.nested(Int(IFLA_NET_NS_FD), Self.bytes(raw)) }
        // VETH_INFO_PEER of linux/veth.h: an ifinfomsg and its attributes.
        let data = NetlinkRequest.nested(1, withUnsafeBytes(of: ifinfomsg(), Array.init) + link)
        try add(name, kind: "veth", data: data)
    }

    /// `ip link add NAME type bridge`.
    package mutating func addBridge(_ name: String) throws(NetworkError) { try add(name, kind: "bridge", data: []) }

    /// Where a tunnel's frames go.
    package struct Tunnel: Sendable {
        package var local: IPv4Address
        package var remote: IPv4Address
        package var port: UInt16

        package init(local: IPv4Address, remote: IPv4Address, port: UInt16) {
            (self.local, self.remote, self.port) = (local, remote, port)
        }
    }

    /// `ip link add NAME type vxlan id IDENTIFIER local … remote … dstport … nolearning`.
    package mutating func addVXLAN(
        _ name: String, identifier: UInt32, over tunnel: Tunnel, in namespace: SharedDescriptor? = nil
    ) throws(NetworkError) {
        var data = NetlinkRequest.nested(Int(IFLA_VXLAN_ID), Self.bytes(identifier))
        data += NetlinkRequest.nested(Int(IFLA_VXLAN_LOCAL), tunnel.local.bytes)
        data += NetlinkRequest.nested(Int(IFLA_VXLAN_GROUP), tunnel.remote.bytes)
        data += NetlinkRequest.nested(Int(IFLA_VXLAN_PORT), Self.bytes(tunnel.port.bigEndian))
        data += NetlinkRequest.nested(Int(IFLA_VXLAN_LEARNING), [0])
        try add(name, kind: "vxlan", data: data, in: namespace)
    }

    /// `ip link set LINK netns …`.
    package mutating func move(_ link: CInt, to namespace: SharedDescriptor) throws(NetworkError) {
        let number = namespace.withRaw { $0 }
        try change(link, "move link \(link)", Int(IFLA_NET_NS_FD), Self.bytes(number))
        withExtendedLifetime(namespace) {}
    }

    /// `ip link set LINK master BRIDGE`.
    package mutating func enslave(_ link: CInt, to bridge: CInt) throws(NetworkError) {
        try change(link, "put link \(link) into bridge \(bridge)", Int(IFLA_MASTER), Self.bytes(bridge))
    }

    /// `ip link delete LINK`.
    package mutating func delete(_ link: CInt) throws(NetworkError) {
        var header = ifinfomsg()
        header.ifi_index = link
        try perform(NetlinkRequest(RTM_DELLINK, flags: NLM_F_REQUEST | NLM_F_ACK, header), "delete link \(link)")
    }

    /// `ip neighbour add ADDRESS lladdr HARDWARE dev LINK nud permanent`.
    package mutating func addNeighbour(
        _ address: IPv4Address, _ hardware: MACAddress, on link: CInt
    ) throws(NetworkError) {
        var header = ndmsg()
        header.ndm_family = UInt8(AF_INET)
        header.ndm_ifindex = link
        header.ndm_state = UInt16(NUD_PERMANENT)
        var request = NetlinkRequest(
            RTM_NEWNEIGH, flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, header)
        request.add(Int(NDA_DST), address.bytes)
        request.add(Int(NDA_LLADDR), hardware.bytes)
        try perform(request, "add neighbour \(address)")
    }

    /// `ip route add default via GATEWAY src SOURCE`.
    package mutating func addDefaultRoute(
        via gateway: IPv4Address, from source: IPv4Address, over link: CInt
    ) throws(NetworkError) {
        var header = rtmsg()
        header.rtm_family = UInt8(AF_INET)
        header.rtm_table = UInt8(RT_TABLE_MAIN.rawValue)
        header.rtm_protocol = UInt8(RTPROT_STATIC)
        header.rtm_scope = UInt8(RT_SCOPE_UNIVERSE.rawValue)
        header.rtm_type = UInt8(RTN_UNICAST)
        var request = NetlinkRequest(
            RTM_NEWROUTE, flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, header)
        request.add(Int(RTA_GATEWAY.rawValue), gateway.bytes)
        request.add(Int(RTA_PREFSRC.rawValue), source.bytes)
        request.add(Int(RTA_OIF.rawValue), Self.bytes(link))
        try perform(request, "add a default route from \(source)")
    }

    private mutating func add(
        _ name: String, kind: String, data: [UInt8], in namespace: SharedDescriptor? = nil
    ) throws(NetworkError) {
        var request = NetlinkRequest(
            RTM_NEWLINK, flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, ifinfomsg())
        request.add(Int(IFLA_IFNAME), Self.text(name))
        namespace?.withRaw { raw in request.add(Int(IFLA_NET_NS_FD), Self.bytes(raw)) }
        var information = NetlinkRequest.nested(Int(IFLA_INFO_KIND), Self.text(kind))
        if !data.isEmpty { information += NetlinkRequest.nested(Int(IFLA_INFO_DATA), data) }
        request.add(Int(IFLA_LINKINFO), information)
        try perform(request, "make \(kind) \(name)")
        withExtendedLifetime(namespace) {}
    }

    private mutating func change(
        _ link: CInt, _ action: String, _ attribute: Int, _ value: [UInt8]
    ) throws(NetworkError) {
        var header = ifinfomsg()
        header.ifi_index = link
        var request = NetlinkRequest(RTM_NEWLINK, flags: NLM_F_REQUEST | NLM_F_ACK, header)
        request.add(attribute, value)
        try perform(request, action)
    }

    private mutating func perform(_ request: NetlinkRequest, _ action: String) throws(NetworkError) {
        sequence += 1
        let replies: [NetlinkReply]
        do throws(Errno) {
            try socket.send(request.bytes(sequence: sequence))
            replies = NetlinkReply.parse(try socket.receive()) ?? []
        } catch {
            throw NetworkError(action, error)
        }
        guard let outcome = replies.last(where: { $0.sequence == sequence })?.outcome else {
            throw NetworkError(action, .badMessage)
        }
        guard outcome.errno == 0 else {
            throw NetworkError(action, Errno(rawValue: outcome.errno), kernelMessage: outcome.message)
        }
    }

    private static func text(_ string: String) -> [UInt8] { Array(string.utf8) + [0] }
    private static func bytes(_ value: some BitwiseCopyable) -> [UInt8] { withUnsafeBytes(of: value, Array.init) }
}
