internal import CLinux
import Glibc

/// What only benches ask for.
extension NetlinkRequest {
    /// `ip link set dev LINK netns …`: it takes the kernel's lock once more and waits for all processors. Nothing of ours does
    /// it; it is here for comparisons.
    package static func move(_ link: Link, toNamespace number: CInt) -> NetlinkRequest {
        var header = ifinfomsg()
        header.ifi_index = link.index
        var request = NetlinkRequest("move link \(link.index)", RTM_NEWLINK, header)
        request.add(IFLA_NET_NS_FD, UInt32(bitPattern: number))
        return request
    }

    /// `ip link set dev LINK mtu BYTES`.
    package static func limitPackets(of link: Link, to bytes: UInt32) -> NetlinkRequest {
        var header = ifinfomsg()
        header.ifi_index = link.index
        var request = NetlinkRequest("set the MTU of link \(link.index)", RTM_NEWLINK, header)
        request.add(IFLA_MTU, bytes)
        return request
    }
}
