internal import CLinux
import Glibc

/// When a link's carrier has come, the link drops what it is to send until the kernel has acted on that. It does so when it is asked
/// about the link; before Linux 6.8 it only finds the time, within milliseconds.
package enum LinkCarrier {
    /// Waits until the kernel has acted on the carriers of these links, of the calling thread's namespace. For links whose carrier comes
    /// and goes: of others the kernel says nothing.
    package static func settle(_ links: [NetlinkRequest.Link]) throws(NetworkError) {
        guard try !areSettled(links) else { return }
        let events = NetlinkSession(transport: try NetlinkSocket(hearing: .links))
        while try !areSettled(links) { try events.waitForChange() }
    }

    private static func areSettled(_ links: [NetlinkRequest.Link]) throws(NetworkError) -> Bool {
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        for link in links {
            guard try netlink.query(.settle(link)).allSatisfy(\.hasSettledCarrier) else { return false }
        }
        return true
    }
}

extension NetlinkReply {
    /// Of an RTM_NEWLINK message. IFF_LOWER_UP of linux/if.h changes with the carrier, the operational state when the kernel has acted
    /// on that: IF_OPER_UP.
    var hasSettledCarrier: Bool {
        guard let flags = linkSummary?.flags, flags & 0x10000 != 0 else { return true }
        return attribute(IFLA_OPERSTATE, after: MemoryLayout<ifinfomsg>.size)?.first == 6
    }
}
