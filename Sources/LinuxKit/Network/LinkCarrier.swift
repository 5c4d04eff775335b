/// When a link's carrier has come, the link drops what it is to send until the kernel has acted on that. It does so when it is asked
/// about the link; before Linux 6.8 it only finds the time, within milliseconds.
package enum LinkCarrier {
    /// Waits until the kernel has acted on the carriers of these links, of the calling thread's namespace.
    package static func settle(_ links: [NetlinkRequest.Link]) throws(NetworkError) {
        guard try !areSettled(links) else { return }
        let events = NetlinkSession(transport: try NetlinkSocket(hearing: .links))
        while try !areSettled(links) { try events.waitForChange() }
    }

    /// The same of all links of the calling thread's namespace.
    package static func settle() throws(NetworkError) {
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        try settle(netlink.query(.dumpLinks()).compactMap(\.linkSummary?.link))
    }

    private static func areSettled(_ links: [NetlinkRequest.Link]) throws(NetworkError) -> Bool {
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        for link in links {
            guard try netlink.query(.settle(link)).compactMap(\.linkSummary).allSatisfy({ isSettled($0.flags) }) else {
                return false
            }
        }
        return true
    }

    /// IFF_LOWER_UP of linux/if.h changes with the carrier, IFF_RUNNING when the kernel has acted on that.
    static func isSettled(_ flags: UInt32) -> Bool { flags & 0x10000 == 0 || flags & 0x40 != 0 }
}
