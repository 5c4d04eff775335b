internal import LinuxKit
internal import SystemPackage

/// In layout `bridged` frames of the tunnels are rewritten where the host receives them: a program at each interface that it has when
/// the server starts.
struct BorrowedInterfaces: Sendable {
    /// By tcx: with these the programs go, whoever dies. By clsact they stay until ``HostUplink/returnInterfaces()``.
    private let links: [SharedDescriptor]

    static let none = BorrowedInterfaces(links: [])

    static func borrow(of uplink: HostUplink, for programs: KernelPrograms) throws(NetworkError) -> BorrowedInterfaces {
        // Those of the server whose slots are taken over.
        if programs.attachment == .clsact { try uplink.returnInterfaces() }
        return try NetworkNamespace.run(in: uplink.host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let places = try netlink.query(.dumpLinks()).compactMap(\.linkSummary)
                .filter { $0.type == LinkTypes.ethernet && !$0.name.hasPrefix(HostUplink.prefix) }
                .map { KernelPrograms.Place(.hostFromTunnel, $0.link, .ingress) }
            switch programs.attachment {
            case .tcx:
                var links: [SharedDescriptor] = []
                for place in places { links.append(try programs.link(place).shared()) }
                return BorrowedInterfaces(links: links)
            case .clsact:
                let existing = Set(try netlink.query(.dumpQueueing()).compactMap(\.classifiersLink))
                for place in places {
                    // One datagram: there are no classifiers of ours without a program that says so.
                    try netlink.perform(
                        existing.contains(place.link)
                            ? [programs.filter(place, named: uplink.filterName)]
                            : [
                                .makeClassifiers(at: place.link),
                                programs.filter(place, named: uplink.filterNameWithClassifiers),
                            ])
                }
                return .none
            }
        }
    }
}

extension HostUplink {
    /// The program at an interface that had classifiers before, and at one to which we gave them.
    fileprivate var filterName: String { name }
    fileprivate var filterNameWithClassifiers: String { "\(name)+clsact" }

    /// Takes away what this server, or a dead one of its name, attached by clsact to interfaces that are not its own.
    func returnInterfaces() throws(NetworkError) {
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            for link in try netlink.query(.dumpQueueing()).compactMap(\.classifiersLink) {
                // The interface may go at any time, and with it what is on it.
                do throws(NetworkError) { try returnInterface(link, &netlink) } catch
                    where error.errno == .operationNotSupportedByDevice
                {}
            }
        }
    }

    private func returnInterface(
        _ link: NetlinkRequest.Link, _ netlink: inout NetlinkSession<NetlinkSocket>
    ) throws(NetworkError) {
        let programs = try netlink.query(.dumpFilters(of: link, .ingress)).compactMap { $0.program(at: .ingress) }
            .filter { [filterName, filterNameWithClassifiers].contains($0.name) }
        guard !programs.isEmpty else { return }
        try netlink.perform(programs.map { .remove($0) })
        guard programs.contains(where: { $0.name == filterNameWithClassifiers }) else { return }
        // Somebody else's may be in them by now.
        for classifier in NetlinkRequest.Classifier.allCases
        where try netlink.query(.dumpFilters(of: link, classifier)).contains(where: \.isFilter) { return }
        try netlink.perform([.removeClassifiers(from: link)])
    }
}

/// ARPHRD_… of net/if_arp.h.
private enum LinkTypes {
    static let ethernet: UInt16 = 1
}
