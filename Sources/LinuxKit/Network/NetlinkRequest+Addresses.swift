internal import CLinux
import Glibc

/// Requests about addresses, routes and neighbours: see rtnetlink(7).
extension NetlinkRequest {
    private static var creating: CInt { NLM_F_CREATE | NLM_F_EXCL }

    /// `ip address add ADDRESS/PREFIX dev LINK`.
    package static func addAddress(_ address: IPv4Address, prefix: UInt8, to link: Link) -> NetlinkRequest {
        var header = ifaddrmsg()
        header.ifa_family = UInt8(AF_INET)
        header.ifa_prefixlen = prefix
        header.ifa_index = UInt32(bitPattern: link.index)
        var request = NetlinkRequest(
            "add address \(address)/\(prefix) to link \(link.index)", RTM_NEWADDR, flags: creating, header)
        request.add(IFA_LOCAL, address.bytes)
        request.add(IFA_ADDRESS, address.bytes)
        return request
    }

    /// Every IPv4 address of the namespace.
    package static func dumpAddresses() -> NetlinkRequest {
        var header = ifaddrmsg()
        header.ifa_family = UInt8(AF_INET)
        return NetlinkRequest("list addresses", RTM_GETADDR, flags: CInt(NLM_F_DUMP), header)
    }

    /// `ip route add DESTINATION via GATEWAY dev LINK`; prefix 0.0.0.0/0 is the default route.
    /// - Parameters:
    ///   - isOnLink: the gateway is reached over the link though no route says so: `onlink`.
    ///   - source: what the host itself sends from: `src`.
    package static func addRoute(
        to destination: IPv4Prefix, via gateway: IPv4Address, over link: Link, isOnLink: Bool = false,
        source: IPv4Address? = nil
    ) -> NetlinkRequest {
        var header = rtmsg()
        header.rtm_family = UInt8(AF_INET)
        header.rtm_dst_len = destination.length
        header.rtm_table = UInt8(RT_TABLE_MAIN.rawValue)
        header.rtm_protocol = UInt8(RTPROT_STATIC)
        header.rtm_scope = UInt8(RT_SCOPE_UNIVERSE.rawValue)
        header.rtm_type = UInt8(RTN_UNICAST)
        header.rtm_flags = isOnLink ? UInt32(RTNH_F_ONLINK) : 0
        var request = NetlinkRequest("add route to \(destination)", RTM_NEWROUTE, flags: creating, header)
        if destination.length > 0 { request.add(RTA_DST.rawValue, destination.address.bytes) }
        request.add(RTA_GATEWAY.rawValue, gateway.bytes)
        request.add(RTA_OIF.rawValue, UInt32(bitPattern: link.index))
        if let source { request.add(RTA_PREFSRC.rawValue, source.bytes) }
        return request
    }

    /// `ip route get ADDRESS`.
    package static func findRoute(to address: IPv4Address) -> NetlinkRequest {
        var header = rtmsg()
        header.rtm_family = UInt8(AF_INET)
        header.rtm_dst_len = 32
        var request = NetlinkRequest("find the route to \(address)", RTM_GETROUTE, header)
        request.add(RTA_DST.rawValue, address.bytes)
        return request
    }

    /// Every IPv4 route of the namespace.
    package static func dumpRoutes() -> NetlinkRequest {
        var header = rtmsg()
        header.rtm_family = UInt8(AF_INET)
        return NetlinkRequest("list routes", RTM_GETROUTE, flags: CInt(NLM_F_DUMP), header)
    }

    /// `ip neigh add ADDRESS lladdr MAC dev LINK nud permanent`.
    package static func addNeighbour(_ address: IPv4Address, _ hardwareAddress: MACAddress, on link: Link)
        -> NetlinkRequest
    {
        var request = neighbour("add neighbour \(address)", RTM_NEWNEIGH, flags: creating, on: link, AF_INET)
        request.add(NDA_DST, address.bytes)
        request.add(NDA_LLADDR, hardwareAddress.bytes)
        return request
    }

    /// `bridge fdb add MAC dev PORT master static`.
    package static func addStation(_ hardwareAddress: MACAddress, at port: Link) -> NetlinkRequest {
        var header = neighbourHeader(on: port, AF_BRIDGE)
        header.ndm_state = UInt16(NUD_NOARP)
        header.ndm_flags = UInt8(NTF_MASTER)
        var request = NetlinkRequest(
            "add station \(hardwareAddress) at port \(port.index)", RTM_NEWNEIGH, flags: NLM_F_CREATE, header)
        request.add(NDA_LLADDR, hardwareAddress.bytes)
        return request
    }

    /// Every IPv4 neighbour of the namespace.
    package static func dumpNeighbours() -> NetlinkRequest {
        neighbour("list neighbours", RTM_GETNEIGH, flags: CInt(NLM_F_DUMP), on: Link(index: 0), AF_INET)
    }

    private static func neighbour(_ action: String, _ type: Int, flags: CInt, on link: Link, _ family: CInt)
        -> NetlinkRequest
    {
        var header = neighbourHeader(on: link, family)
        header.ndm_state = UInt16(NUD_PERMANENT)
        return NetlinkRequest(action, type, flags: flags, header)
    }

    private static func neighbourHeader(on link: Link, _ family: CInt) -> ndmsg {
        var header = ndmsg()
        header.ndm_family = UInt8(family)
        header.ndm_ifindex = link.index
        return header
    }
}

/// What a reply says.
extension NetlinkReply {
    /// An IPv4 neighbour that a dump lists.
    package struct Neighbour: Sendable, Equatable {
        package var address: IPv4Address
        package var link: NetlinkRequest.Link
        /// Put there on purpose, for good.
        package var isPermanent: Bool
    }

    package var neighbour: Neighbour? {
        guard Int(type) == RTM_NEWNEIGH, let header = Self.load(ndmsg.self, from: body, at: 0),
            let address = address(NDA_DST, after: MemoryLayout<ndmsg>.size)
        else { return nil }
        return Neighbour(
            address: address, link: NetlinkRequest.Link(index: header.ndm_ifindex),
            isPermanent: CInt(header.ndm_state) & NUD_PERMANENT != 0)
    }

    /// The address and prefix of an RTM_NEWADDR message.
    package var linkAddress: (address: IPv4Address, prefix: UInt8, link: NetlinkRequest.Link)? {
        guard Int(type) == RTM_NEWADDR, let header = Self.load(ifaddrmsg.self, from: body, at: 0),
            let address = address(IFA_LOCAL, after: MemoryLayout<ifaddrmsg>.size)
        else { return nil }
        return (address, header.ifa_prefixlen, NetlinkRequest.Link(index: CInt(bitPattern: header.ifa_index)))
    }

    /// The source address and interface of an RTM_NEWROUTE message that `findRoute` was answered with.
    package var route: (source: IPv4Address?, link: NetlinkRequest.Link)? {
        let size = MemoryLayout<rtmsg>.size
        guard Int(type) == RTM_NEWROUTE, let index = attribute(RTA_OIF.rawValue, after: size), index.count == 4 else {
            return nil
        }
        let number = Array(index).withUnsafeBytes { $0.loadUnaligned(as: CInt.self) }
        return (address(RTA_PREFSRC.rawValue, after: size), NetlinkRequest.Link(index: number))
    }

    /// Where the route of an RTM_NEWROUTE message leads.
    package var destination: IPv4Prefix? {
        guard Int(type) == RTM_NEWROUTE, let header = Self.load(rtmsg.self, from: body, at: 0) else { return nil }
        let address = address(RTA_DST.rawValue, after: MemoryLayout<rtmsg>.size)
        return IPv4Prefix(address ?? IPv4Address(rawValue: 0), length: header.rtm_dst_len)
    }

    /// Name, flags (net/if.h) and type (net/if_arp.h) of an RTM_NEWLINK message.
    package var linkSummary: (link: NetlinkRequest.Link, name: String, flags: UInt32, type: UInt16)? {
        let size = MemoryLayout<ifinfomsg>.size
        guard Int(type) == RTM_NEWLINK, let header = Self.load(ifinfomsg.self, from: body, at: 0),
            let name = attribute(IFLA_IFNAME, after: size)
        else { return nil }
        return (
            NetlinkRequest.Link(index: header.ifi_index),
            String(decoding: name.prefix { $0 != 0 }, as: UTF8.self), header.ifi_flags, header.ifi_type
        )
    }

    /// The kind of link of an RTM_NEWLINK message: `veth`, `bridge`; nil of hardware.
    package var linkKind: String? {
        guard Int(type) == RTM_NEWLINK, let info = attribute(IFLA_LINKINFO, after: MemoryLayout<ifinfomsg>.size),
            let kind = Self.attribute(IFLA_INFO_KIND, in: Array(info), at: 0)
        else { return nil }
        return String(decoding: kind.prefix { $0 != 0 }, as: UTF8.self)
    }

    private func address(_ type: some BinaryInteger, after headerBytes: Int) -> IPv4Address? {
        guard let bytes = attribute(type, after: headerBytes), bytes.count == 4 else { return nil }
        return IPv4Address(rawValue: bytes.reduce(0) { $0 << 8 | UInt32($1) })
    }
}
