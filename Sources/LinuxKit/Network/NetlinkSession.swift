internal import CLinux
import Glibc
package import SystemPackage

/// All a session needs from the kernel; tests supply recorded replies.
package protocol NetlinkTransport {
    func send(_ datagram: [UInt8]) throws(Errno)
    /// The next datagram; blocks until there is one.
    func receive() throws(Errno) -> [UInt8]
}

/// Changes links, addresses and routes of one network namespace, one acknowledged request after the other.
package struct NetlinkSession<Transport: NetlinkTransport> {
    private let transport: Transport
    private var sequence: UInt32 = 0

    package init(transport: Transport) {
        self.transport = transport
    }

    /// An interface's index.
    package struct Link: Sendable, Hashable {
        package let index: CInt
        package init(index: CInt) { self.index = index }
    }

    /// `ip link show dev NAME`.
    package mutating func link(named name: String) throws(NetworkError) -> Link {
        var request = NetlinkRequest(RTM_GETLINK, flags: NLM_F_REQUEST | NLM_F_ACK, ifinfomsg())
        request.add(Int(IFLA_IFNAME), Self.text(name))
        let replies = try perform(request, "find link \(name)")
        guard let index = replies.lazy.compactMap(\.linkIndex).first else {
            throw NetworkError("find link \(name)", .operationNotSupportedByDevice)  // ENODEV
        }
        return Link(index: index)
    }

    /// `ip link set dev LINK up`.
    package mutating func bringUp(_ link: Link) throws(NetworkError) {
        var header = Self.header(link)
        header.ifi_flags = 1  // IFF_UP of net/if.h
        header.ifi_change = 1
        try perform(change(header), "bring link \(link.index) up")
    }

    /// `ip link set dev LINK name NAME`; the link must be down.
    package mutating func rename(_ link: Link, to name: String) throws(NetworkError) {
        var request = change(Self.header(link))
        request.add(Int(IFLA_IFNAME), Self.text(name))
        try perform(request, "rename link \(link.index) to \(name)")
    }

    /// `ip link set dev LINK address MAC`.
    package mutating func setHardwareAddress(_ address: [UInt8], of link: Link) throws(NetworkError) {
        var request = change(Self.header(link))
        request.add(Int(IFLA_ADDRESS), address)
        try perform(request, "set the hardware address of link \(link.index)")
    }

    /// `ip link set dev LINK addrgenmode none`: the kernel gives it no IPv6 address and so sends nothing by itself.
    ///
    /// A kernel without IPv6 has nothing to disable, and that is fine.
    package mutating func disableIPv6Addresses(of link: Link) throws(NetworkError) {
        let mode = NetlinkRequest.nested(
            Int(IFLA_INET6_ADDR_GEN_MODE), [UInt8(IN6_ADDR_GEN_MODE_NONE.rawValue)])
        var request = change(Self.header(link))
        request.add(Int(IFLA_AF_SPEC), NetlinkRequest.nested(Int(AF_INET6), mode))
        do throws(NetworkError) {
            try perform(request, "disable IPv6 addresses of link \(link.index)")
        } catch {
            guard [.addressFamilyNotSupported, .notSupported].contains(error.errno) else { throw error }
        }
    }

    /// `ip address add ADDRESS/PREFIX dev LINK`.
    package mutating func addAddress(_ address: IPv4Address, prefix: UInt8, to link: Link) throws(NetworkError) {
        var header = ifaddrmsg()
        header.ifa_family = UInt8(AF_INET)
        header.ifa_prefixlen = prefix
        header.ifa_index = UInt32(bitPattern: link.index)
        var request = NetlinkRequest(RTM_NEWADDR, flags: Self.creating, header)
        request.add(Int(IFA_LOCAL), address.bytes)
        request.add(Int(IFA_ADDRESS), address.bytes)
        try perform(request, "add address \(address)/\(prefix) to link \(link.index)")
    }

    /// `ip route add DESTINATION/PREFIX via GATEWAY dev LINK`; prefix 0 is the default route.
    package mutating func addRoute(
        to destination: IPv4Address, prefix: UInt8, via gateway: IPv4Address, over link: Link
    ) throws(NetworkError) {
        var header = rtmsg()
        header.rtm_family = UInt8(AF_INET)
        header.rtm_dst_len = prefix
        header.rtm_table = UInt8(RT_TABLE_MAIN.rawValue)
        header.rtm_protocol = UInt8(RTPROT_STATIC)
        header.rtm_scope = UInt8(RT_SCOPE_UNIVERSE.rawValue)
        header.rtm_type = UInt8(RTN_UNICAST)
        var request = NetlinkRequest(RTM_NEWROUTE, flags: Self.creating, header)
        if prefix > 0 { request.add(Int(RTA_DST.rawValue), destination.bytes) }
        request.add(Int(RTA_GATEWAY.rawValue), gateway.bytes)
        request.add(Int(RTA_OIF.rawValue), withUnsafeBytes(of: link.index, Array.init))
        try perform(request, "add route to \(destination)/\(prefix)")
    }

    private static var creating: CInt { NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL }

    private static func header(_ link: Link) -> ifinfomsg {
        var header = ifinfomsg()
        header.ifi_index = link.index
        return header
    }

    private static func text(_ string: String) -> [UInt8] { Array(string.utf8) + [0] }

    private func change(_ header: ifinfomsg) -> NetlinkRequest {
        NetlinkRequest(RTM_NEWLINK, flags: NLM_F_REQUEST | NLM_F_ACK, header)
    }

    /// Sends the request and reads until its acknowledgement; what came before that is returned.
    @discardableResult
    private mutating func perform(_ request: NetlinkRequest, _ action: String) throws(NetworkError) -> [NetlinkReply] {
        sequence += 1
        try attempt(action) { () throws(Errno) in try transport.send(request.bytes(sequence: sequence)) }
        var collected: [NetlinkReply] = []
        while true {
            let datagram = try attempt(action) { () throws(Errno) in try transport.receive() }
            guard let replies = NetlinkReply.parse(datagram) else { throw NetworkError(action, .badMessage) }
            // Late answers to a request that failed before carry its number, not ours.
            for reply in replies where reply.sequence == sequence {
                guard let outcome = reply.outcome else {
                    collected.append(reply)
                    continue
                }
                if outcome.errno == 0 { return collected }
                throw NetworkError(action, Errno(rawValue: outcome.errno), kernelMessage: outcome.message)
            }
        }
    }

    private func attempt<R>(_ action: String, _ call: () throws(Errno) -> R) throws(NetworkError) -> R {
        do throws(Errno) { return try call() } catch { throw NetworkError(action, error) }
    }
}
