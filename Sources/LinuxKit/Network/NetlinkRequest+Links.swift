internal import CLinux
import Glibc

/// Requests about links: see rtnetlink(7), and linux/if_link.h for the attributes.
extension NetlinkRequest {
    /// An interface's index.
    package struct Link: Sendable, Hashable {
        package let index: CInt
        package init(index: CInt) { self.index = index }
        /// As programs and their maps have it.
        package var number: UInt32 { UInt32(bitPattern: index) }
        /// The loopback interface of every namespace.
        package static let loopback = Link(index: 1)
    }

    /// A link to be made: in the session's namespace unless another is given.
    package struct NewLink {
        /// At most 15 bytes.
        package var name: String
        /// 0 lets the kernel choose.
        package var index: CInt
        /// Nil lets the kernel choose.
        package var hardwareAddress: MACAddress?
        /// The largest packet, in bytes; nil lets the kernel choose: 1,500.
        package var largestPacket: UInt32?
        /// The number of an open descriptor of the namespace it is made in.
        package var namespace: CInt?

        package init(
            _ name: String, index: CInt = 0, hardwareAddress: MACAddress? = nil, largestPacket: UInt32? = nil,
            namespace: CInt? = nil
        ) {
            self.largestPacket = largestPacket
            self.name = name
            self.index = index
            self.hardwareAddress = hardwareAddress
            self.namespace = namespace
        }

        fileprivate var header: ifinfomsg {
            var header = ifinfomsg()
            header.ifi_index = index
            return header
        }

        fileprivate var attributes: [UInt8] {
            var bytes = NetlinkRequest.attribute(IFLA_IFNAME, text: name)
            if let hardwareAddress { bytes += NetlinkRequest.attribute(IFLA_ADDRESS, hardwareAddress.bytes) }
            if let largestPacket { bytes += NetlinkRequest.attribute(IFLA_MTU, largestPacket) }
            if let namespace { bytes += NetlinkRequest.attribute(IFLA_NET_NS_FD, UInt32(bitPattern: namespace)) }
            return bytes
        }
    }

    /// `ip link show`. Whoever asks has the kernel act first on a carrier that has just come, which it would else do when it finds
    /// the time: until then a link drops what it is to send.
    package static func settle(_ link: Link) -> NetlinkRequest {
        var header = ifinfomsg()
        header.ifi_index = link.index
        return NetlinkRequest("look at link \(link.index)", RTM_GETLINK, header)
    }

    /// What ``change(_:_:hardwareAddress:generatesIPv6Addresses:)`` makes of a link's flags.
    package enum LinkState {
        case unchanged, up
        /// Up, and without ARP: nothing is asked or answered by itself.
        case upWithoutARP
    }

    static func findLink(named name: String) -> NetlinkRequest {
        var request = NetlinkRequest("find link \(name)", RTM_GETLINK, ifinfomsg())
        request.add(IFLA_IFNAME, text: name)
        return request
    }

    /// Every link of the namespace.
    package static func dumpLinks() -> NetlinkRequest {
        NetlinkRequest("list links", RTM_GETLINK, flags: CInt(NLM_F_DUMP), ifinfomsg())
    }

    /// Two changes: without IPv6 addresses first, or the kernel makes one in the moment in which the link comes up.
    package static func bringUpWithoutIPv6(_ link: Link, arp: Bool = false) -> [NetlinkRequest] {
        [.change(link, generatesIPv6Addresses: false), .change(link, arp ? .up : .upWithoutARP)]
    }

    /// `ip link set dev LINK …`: several changes that cost the kernel one. Flags are changed before the mode of IPv6.
    package static func change(
        _ link: Link, _ state: LinkState = .unchanged, hardwareAddress: [UInt8]? = nil,
        generatesIPv6Addresses: Bool = true
    ) -> NetlinkRequest {
        var header = ifinfomsg()
        header.ifi_index = link.index
        // IFF_UP and IFF_NOARP of net/if.h.
        let flags: UInt32 =
            switch state {
            case .unchanged: 0
            case .up: 0x1
            case .upWithoutARP: 0x1 | 0x80
            }
        (header.ifi_flags, header.ifi_change) = (flags, flags)
        let action =
            switch state {
            case .up, .upWithoutARP: "bring link \(link.index) up"
            case .unchanged: "change link \(link.index)"
            }
        var request = NetlinkRequest(action, RTM_NEWLINK, header)
        if let hardwareAddress { request.add(IFLA_ADDRESS, hardwareAddress) }
        if !generatesIPv6Addresses {
            let mode = attribute(IFLA_INET6_ADDR_GEN_MODE, [UInt8(IN6_ADDR_GEN_MODE_NONE.rawValue)])
            request.add(IFLA_AF_SPEC, attribute(AF_INET6, mode))
        }
        return request
    }

    /// `ip link set dev LINK mtu BYTES`.
    package static func limitPackets(of link: Link, to bytes: UInt32) -> NetlinkRequest {
        var header = ifinfomsg()
        header.ifi_index = link.index
        var request = NetlinkRequest("limit the packets of link \(link.index)", RTM_NEWLINK, header)
        request.add(IFLA_MTU, bytes)
        return request
    }

    /// `ip link set dev LINK netns …`: it takes the kernel's lock once more and waits for all processors, so a link is better made
    /// where it is to be.
    package static func move(_ link: Link, toNamespace number: CInt) -> NetlinkRequest {
        var header = ifinfomsg()
        header.ifi_index = link.index
        var request = NetlinkRequest("move link \(link.index)", RTM_NEWLINK, header)
        request.add(IFLA_NET_NS_FD, UInt32(bitPattern: number))
        return request
    }

    /// `ip link set dev LINK name NAME`; the link must be down.
    static func rename(_ link: Link, to name: String) -> NetlinkRequest {
        var header = ifinfomsg()
        header.ifi_index = link.index
        var request = NetlinkRequest("rename link \(link.index) to \(name)", RTM_NEWLINK, header)
        request.add(IFLA_IFNAME, text: name)
        return request
    }

    /// `ip link delete dev LINK`: with a veth goes its peer.
    package static func delete(_ link: Link) -> NetlinkRequest {
        var header = ifinfomsg()
        header.ifi_index = link.index
        return NetlinkRequest("delete link \(link.index)", RTM_DELLINK, header)
    }

    package static func delete(named name: String) -> NetlinkRequest {
        var request = NetlinkRequest("delete link \(name)", RTM_DELLINK, ifinfomsg())
        request.add(IFLA_IFNAME, text: name)
        return request
    }

    // MARK: - Making

    /// `ip link add LINK type veth peer PEER`, each end with one queue: more cost memory and are of no use to one guest.
    package static func makeVeth(_ link: NewLink, peer: NewLink) -> NetlinkRequest {
        let oneQueue = attribute(IFLA_NUM_TX_QUEUES, 1 as UInt32) + attribute(IFLA_NUM_RX_QUEUES, 1 as UInt32)
        let other = bytes(of: peer.header) + peer.attributes + oneQueue
        return make(link, "veth", data: attribute(VETH_INFO_PEER, other), oneQueue)
    }

    /// `ip link add LINK type bridge mcast_snooping 0`: it says nothing on its own.
    package static func makeBridge(_ link: NewLink) -> NetlinkRequest {
        make(link, "bridge", data: attribute(IFLA_BR_MCAST_SNOOPING, [0]))
    }

    /// How a VXLAN device (RFC 7348) finds network and remote end.
    package enum TunnelKind {
        /// A program says for every frame: `external`.
        case perFrame
        case fixed(identifier: UInt32, remote: IPv4Address)
    }

    /// `ip link add LINK type vxlan dstport PORT nolearning …`. Its outer packets travel in the session's namespace, also when
    /// the link is made in another.
    package static func makeTunnel(_ link: NewLink, _ kind: TunnelKind, port: UInt16) -> NetlinkRequest {
        var data =
            attribute(IFLA_VXLAN_PORT, bytes(of: port.bigEndian)) + attribute(IFLA_VXLAN_LEARNING, [0])
            + attribute(IFLA_VXLAN_UDP_CSUM, [0])
        switch kind {
        case .perFrame: data += attribute(IFLA_VXLAN_COLLECT_METADATA, [1])
        case .fixed(let identifier, let remote):
            data += attribute(IFLA_VXLAN_ID, identifier) + attribute(IFLA_VXLAN_GROUP, remote.bytes)
        }
        return make(link, "vxlan", data: data)
    }

    private static func make(
        _ link: NewLink, _ kind: String, data: [UInt8], _ more: [UInt8] = []
    ) -> NetlinkRequest {
        var request = NetlinkRequest(
            "make \(kind) \(link.name)", RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL, link.header)
        request.addEncoded(link.attributes + more)
        request.add(
            IFLA_LINKINFO,
            attribute(IFLA_INFO_KIND, text: kind) + (data.isEmpty ? [] : attribute(IFLA_INFO_DATA, data)))
        request.kernelModule = kind
        return request
    }

    // MARK: - Bridges

    /// What a bridge does with a port.
    package struct BridgePort {
        /// Whether frames to stations that nobody knows go out there.
        package var floods = false
        package var floodsBroadcast = false
        package init(floods: Bool = false, floodsBroadcast: Bool = false) {
            self.floods = floods
            self.floodsBroadcast = floodsBroadcast
        }
    }

    /// `ip link set dev LINK master BRIDGE`.
    package static func enslave(_ link: Link, to bridge: Link) -> NetlinkRequest {
        var header = ifinfomsg()
        header.ifi_index = link.index
        var request = NetlinkRequest("put link \(link.index) into bridge \(bridge.index)", RTM_NEWLINK, header)
        request.add(IFLA_MASTER, UInt32(bitPattern: bridge.index))
        return request
    }

    /// `bridge link set dev LINK learning off flood … bcast_flood … mcast_flood off`: stations are those of
    /// ``addStation(_:at:)``.
    package static func configure(_ link: Link, as port: BridgePort) -> NetlinkRequest {
        var header = ifinfomsg()
        header.ifi_family = UInt8(AF_BRIDGE)
        header.ifi_index = link.index
        var request = NetlinkRequest("configure bridge port \(link.index)", RTM_SETLINK, header)
        request.add(
            CInt(IFLA_PROTINFO) | NLA_F_NESTED,
            attribute(IFLA_BRPORT_LEARNING, [0]) + attribute(IFLA_BRPORT_UNICAST_FLOOD, [port.floods ? 1 : 0])
                + attribute(IFLA_BRPORT_BCAST_FLOOD, [port.floodsBroadcast ? 1 : 0])
                + attribute(IFLA_BRPORT_MCAST_FLOOD, [0]))
        return request
    }
}
