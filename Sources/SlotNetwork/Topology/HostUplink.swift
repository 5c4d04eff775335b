import Glibc
internal import LinuxKit
package import SystemPackage

/// A server's part of the host's own network: one interface, one route, and one table of a few rules. None of it grows with the
/// number of slots; only layout `bridged` has one interface more for each ``Trunk``.
package struct HostUplink: Sendable {
    let host: SharedDescriptor
    /// Interface and table: `thaw-` and the server's instance.
    let name: String

    init(host: SharedDescriptor, instance: String) {
        self.host = host
        name = Self.prefix + instance.prefix(7)
    }

    package static let prefix = "thaw-"
    /// Under which the keep has the host's own namespace: whoever cleans up need not be in it.
    static let hostName = "host"

    /// The program at the host's end: nothing of the host itself is reached from a slot.
    func attach(_ programs: KernelPrograms) throws(NetworkError) {
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try programs.attach([.init(.hostFromHub, try netlink.link(named: name), .ingress)])
        }
    }

    /// The host's end of a trunk of layout `bridged`: 15 bytes at most.
    func trunkName(_ trunk: Int) -> String { "\(name)-\(String(trunk, radix: 36))" }

    private func isOurs(_ link: String) -> Bool { link == name || link.hasPrefix("\(name)-") }

    /// An address of the host that others can reach it by: what it sends from by default, else any that is not loopback's.
    func address() throws(NetworkError) -> IPv4Address? {
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let route = try? netlink.query(.findRoute(to: SlotPlan.dummyEndpoint)).lazy.compactMap(\.route).first
            if let source = route?.source { return source }
            return try netlink.query(.dumpAddresses()).lazy.compactMap(\.linkAddress)
                .first { $0.link != .loopback }?.address
        }
    }

    /// Leads `range` to the hub, over the interface that is there already. Throws `.fileExists` when some route has it.
    func lead(_ range: IPv4Prefix) throws(NetworkError) {
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let link = try netlink.link(named: name)
            // The hub takes every frame: the next hop is only a name for its station.
            let hop = Self.hop(of: range)
            try netlink.perform(
                NetlinkRequest.bringUpWithoutIPv6(link, arp: true) + [
                    .addNeighbour(hop, SlotAddresses.hub, on: link),
                    .addRoute(to: range, via: hop, over: link, isOnLink: true),
                ])
        }
    }

    /// The last address of a range is no slot's.
    static func hop(of range: IPv4Prefix) -> IPv4Address { range.address + UInt32(range.count - 1) }

    /// The part of `ranges` with room for `count` slots that no route of the host leads into.
    func freeRange(in ranges: IPv4Prefix, count: Int) throws(NetworkError) -> IPv4Prefix {
        // The next power of two, of which the last address is the hop's.
        let length = UInt8(UInt32(count + 1).leadingZeroBitCount)
        guard length >= ranges.length else {
            throw NetworkError("give \(count) slots addresses of \(ranges)", .addressNotAvailable)
        }
        let taken = try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            return try netlink.query(.dumpRoutes()).compactMap(\.destination)
        }.filter { $0.length > 0 }
        let step = UInt32(1) << UInt32(32 - length)
        for part in 0..<(ranges.count / UInt64(step)) {
            let range = IPv4Prefix(ranges.address + UInt32(part) * step, length: length)
            if !taken.contains(where: { $0.overlaps(range) }) { return range }
        }
        throw NetworkError("find addresses for the slots in \(ranges)", .addressInUse)
    }

    /// Has what leaves the host carry the host's address, if there is a range, and lets nothing pass from interfaces that are guarded
    /// but what is for a server's slots. All of it is one table, with the server's name.
    func filter(
        masquerading range: IPv4Prefix?, guarding guarded: [Forwarding.Guarded] = []
    ) throws(NetworkError) {
        var chains: [String] = []
        if let range {
            chains.append(
                """
                chain postrouting {
                  type nat hook postrouting priority srcnat
                  ip saddr \(range) oifname != "\(name)" masquerade
                }
                """)
        }
        if !guarded.isEmpty {
            let links = guarded.map { "\($0.link.index)" }.joined(separator: ", ")
            let bridges = guarded.filter(\.isBridge).map { "iif \($0.link.index) oif \($0.link.index) accept" }
            // Where connections are tracked anyway: what others have begun or opened since, containers for example.
            let tracked = range == nil ? [] : ["ct state established,related accept", "ct status dnat accept"]
            let rules =
                ["iif != { \(links) } accept", "oifname \"\(Self.prefix)*\" accept"] + bridges + tracked + ["drop"]
            chains.append(
                """
                chain forward {
                  type filter hook forward priority filter
                  \(rules.joined(separator: "\n  "))
                }
                """)
        }
        try packetFilter(
            "table ip \(name)\ndelete table ip \(name)\ntable ip \(name) {\n\(chains.joined(separator: "\n"))\n}\n")
    }

    /// Takes everything away again. What is not there is fine.
    func remove() throws(NetworkError) {
        try? packetFilter("table ip \(name)\ndelete table ip \(name)\n")
        try returnInterfaces()
        for link in try links() where isOurs(link) { try removeHostEnd(named: link) }
    }

    func removeHostEnd(named link: String) throws(NetworkError) {
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            do throws(NetworkError) { try netlink.perform([.delete(named: link)]) } catch {
                guard error.errno == .operationNotSupportedByDevice else { throw error }  // ENODEV
            }
        }
    }

    /// The names of the host's interfaces.
    func links() throws(NetworkError) -> Set<String> {
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            return Set(try netlink.query(.dumpLinks()).compactMap { $0.linkSummary?.name })
        }
    }

    /// nft(8), once at a server's start and end.
    private func packetFilter(_ rules: String) throws(NetworkError) {
        let action = "filter what slots send (with nft of Debian's package nftables)"
        do {
            let input = try OwnedDescriptor.pipe()
            let reader = try input.take { reader, writer throws(Errno) in
                try writer.writeAll(rules.utf8)
                return reader.shared()
            }
            var plan = SpawnPlan(executable: HostTools.packetFilter, arguments: ["nft", "-f", "-"], environment: [:])
            plan.birthplace = Birthplace(network: host)
            plan.descriptors = [0: reader]
            let end = try plan.spawn().waitBlocking()
            guard case .exited(0) = end?.reason else { throw NetworkError(action, .ioError) }
        } catch let error as NetworkError {
            throw error
        } catch {
            throw NetworkError(action, (error as? Errno) ?? .noSuchFileOrDirectory)
        }
    }
}

/// Programs of the host that are used where the kernel's own interface is not worth it.
package enum HostTools {
    /// Of Debian's package nftables.
    package static let packetFilter: FilePath = "/usr/sbin/nft"
}
