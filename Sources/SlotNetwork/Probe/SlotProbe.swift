internal import Basics
internal import CSlotPrograms
package import LinuxKit
internal import Logging
internal import NetworkModel
internal import SystemPackage

/// Proof that packets pass a slot on this host: a whole one, made by the code that makes all of them, between a host and a server
/// that are namespaces too, and packets through it both ways. Nobody sees any of it, and nothing is left.
package struct SlotProbe {
    /// How programs are attached here.
    package let attachment: ProgramAttachment
    /// Why there are no virtual networks on this host, if so.
    package let tunnelFailure: NetworkError?

    /// Blocks, for 50 ms; for 0.2 s where the kernel is not in haste (``KernelHaste``).
    package static func run(_ configuration: SlotConfiguration) throws(SlotError) -> SlotProbe {
        return try rethrowing(try ProbedSlot(configuration).prove()) { (error: NetworkError) in
            SlotError.unusableHost(
                error, remedy: error.remedy ?? "use Linux 5.10 or later with VETH, TUN, BPF_SYSCALL and NET_CLS_BPF")
        }
    }
}

/// The one slot of a probe, with what is around it.
private struct ProbedSlot {
    private static let network: UInt32 = 100
    private static let inNetwork = IPv4Prefix(IPv4Address(10, 0, 0, 0), length: 24)
    private static let (server, guest) = (IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 2))

    private let world: ProbeWorld
    private let ground: SlotGround
    private let namespace: SharedDescriptor

    init(_ configuration: SlotConfiguration) throws(NetworkError) {
        world = try ProbeWorld()
        var quiet = Logger(label: "thaw.probe")
        quiet.logLevel = .critical
        // The host is the probe's own: all that is there is free.
        var wanted = SlotConfiguration(count: 1, instance: "probe", directory: "")
        (wanted.layout, wanted.attachment) = (configuration.layout, configuration.attachment)
        (wanted.tunnelPort, wanted.egress) = (configuration.tunnelPort, .none)
        ground = try SlotGround.make(wanted, in: try .makeUnnamed(), host: world.host, logger: quiet)
        try ground.building.build([Hub.Site(slot: 0)], while: { true }) { _ in }
        namespace = try ground.openNamespace(of: 0)
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try LinkCarrier.settle(
                netlink.query(.dumpLinks()).compactMap(\.linkSummary)
                    .filter { $0.name != "lo" && $0.name != SlotPlan.tunnelName }.map(\.link))
        }
    }

    func prove() throws(NetworkError) -> SlotProbe {
        let ways = "with programs attached by \(ground.programs.attachment.rawValue)"
        let egress = try ProbeSocket(in: world.server, port: ProbeSocket.echo)
        try bind(slot_mode_egress, to: ground.range.address, .process)
        try world.attempt("see a process's packet pass a slot, \(ways)") { () throws(Errno) in
            let process = try ProbeSocket(in: namespace, connectedTo: ProbeWorld.serverAddress)
            try process.send(ProbeSocket.text)
            try egress.answer(from: ground.range.address)
            guard try process.receive() == ProbeSocket.text else { throw .badMessage }
        }
        try bind(slot_mode_egress, to: ground.range.address, .microvm)
        let tap = try Tap.open(named: SlotAddresses.tapName, in: namespace).shared()
        try world.attempt("see a machine's packet pass a slot, \(ways)") { () throws(Errno) in
            try tap.descriptor.writeAll(ProbeFrame.question(to: ProbeWorld.serverAddress))
            try egress.answer(from: ground.range.address)
            try ProbeFrame.awaitAnswer(at: tap)
        }
        guard ground.record.hasTunnel else {
            return SlotProbe(attachment: ground.programs.attachment, tunnelFailure: ground.tunnelFailure)
        }
        try bind(slot_mode_vpc, to: Self.guest, .process)
        let tunnel = try ProbeSocket(in: world.server, port: ground.record.tunnelPort)
        try world.attempt("see a packet pass a virtual network, \(ways)") { () throws(Errno) in
            let process = try ProbeSocket(in: namespace, connectedTo: Self.server)
            try process.send(ProbeSocket.text)
            let (frame, peer) = try tunnel.receiveFrom()
            try tunnel.send(try ProbeFrame.turned(frame, in: Self.network), to: peer, port: ground.record.tunnelPort)
            guard try process.receive() == ProbeSocket.text else { throw .badMessage }
        }
        return SlotProbe(attachment: ground.programs.attachment, tunnelFailure: nil)
    }

    private func bind(_ mode: slot_mode, to address: IPv4Address, _ occupant: SlotOccupant) throws(NetworkError) {
        var entry = slot_entry()
        (entry.mode, entry.occupant) = (UInt8(mode.rawValue), occupant == .microvm ? 1 : 0)
        entry.address = address.rawValue.bigEndian
        entry.interface = Hub.end(of: .init(slot: 0)).number
        if mode == slot_mode_vpc {
            entry.vni = Self.network
            try ground.programs.maps.add(
                VPCNetwork.Endpoint(
                    address: ProbeWorld.serverAddress, destination: Self.inNetwork,
                    hardwareAddress: SlotAddresses.gatewayStation), to: Self.network)
            try ground.programs.maps.add(resident: address, of: Self.network, slot: 0)
        }
        try ground.programs.maps.set(entry, of: 0)
    }
}

/// A host and a server beside it, each a namespace.
private struct ProbeWorld {
    let host: SharedDescriptor
    let server: SharedDescriptor

    /// Of RFC 5737.
    static let hostAddress = IPv4Address(198, 51, 100, 1)
    static let serverAddress = IPv4Address(198, 51, 100, 2)
    private static let link = NetlinkRequest.Link(index: 2)

    init() throws(NetworkError) {
        let (host, server) = (try NetworkNamespace.create(), try NetworkNamespace.create())
        (self.host, self.server) = (host, server)
        try NetworkNamespace.run(in: server) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let veth = host.withRaw { raw in
                NetlinkRequest.makeVeth(
                    .init("eth0", index: Self.link.index), peer: .init("eth0", index: Self.link.index, namespace: raw))
            }
            try netlink.perform(
                [veth, .addAddress(Self.serverAddress, prefix: 24, to: Self.link)]
                    + NetlinkRequest.bringUpWithoutIPv6(Self.link, arp: true)
                    + [
                        .addRoute(
                            to: IPv4Prefix(IPv4Address(rawValue: 0), length: 0), via: Self.hostAddress, over: Self.link,
                            isOnLink: true)
                    ])
        }
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.perform(
                [.change(.loopback, .up), .addAddress(Self.hostAddress, prefix: 24, to: Self.link)]
                    + NetlinkRequest.bringUpWithoutIPv6(Self.link, arp: true))
            try rethrowing(try SmallFile.set("/proc/sys/net/ipv4/ip_forward", to: "1")) {
                NetworkError("set net.ipv4.ip_forward", $0)
            }
        }
        try NetworkNamespace.run(in: server) { () throws(NetworkError) in try LinkCarrier.settle([Self.link]) }
    }

    func attempt(_ action: String, _ body: () throws(Errno) -> Void) throws(NetworkError) {
        try rethrowing(try body()) { NetworkError(action, $0) }
    }
}
