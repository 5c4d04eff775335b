internal import CSlotPrograms
import Glibc
internal import LinuxKit
internal import SystemPackage

/// How one slot is made: what both layouts have in common, and where they part.
package struct SlotPlan: Sendable {
    let site: Hub.Site
    let hub: Hub
    let programs: KernelPrograms
    let settings: LayoutSettings
    let kind: Kind

    /// Its layout, with what that needs.
    enum Kind: Sendable {
        case direct
        /// The outer side of its own tunnel is in this namespace.
        case bridged(trunk: SharedDescriptor)
    }

    /// What a layout has to know beside the slot.
    package struct LayoutSettings: Sendable {
        var layout: SlotLayout
        var tunnelPort: UInt16
        /// How many slots of layout `bridged` share a trunk.
        var trunkSize: Int
    }

    /// Where the remote ends of the tunnels of layout `bridged` seem to be: an address of RFC 5737, which nobody has.
    static let dummyEndpoint = IPv4Address(192, 0, 2, 254)
    static let tunnelName = "tunnel"

    /// The first of the identifiers that the slots' own tunnels are made with: they mean nothing outside.
    static let dummyNetwork: UInt32 = 0xe0_0000

    var index: Int { site.slot }

    private typealias Link = NetlinkRequest.Link
    private typealias NewLink = NetlinkRequest.NewLink

    /// A slot that has all its devices; what is left to do in it, and afterwards, in the hub.
    struct Half {
        let plan: SlotPlan
        /// Into the slot, wherever the thread is.
        var netlink: NetlinkSession<NetlinkSocket>
        let bringingUp: [NetlinkRequest]
    }

    /// Makes the slot's namespace with all its devices, those that lead out still down, and leaves the calling thread there. The
    /// thread is in the keep.
    func make() throws(NetworkError) -> Half {
        let namespace = try NetworkNamespace.enterNew()
        try NamespaceKeep.keepCurrent(as: "\(index)")
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        let bringingUp =
            switch kind {
            case .direct: try makeDirect(&netlink)
            case .bridged(let trunk): try makeBridged(namespace, trunk, &netlink)
            }
        return Half(plan: self, netlink: netlink, bringingUp: bringingUp)
    }

    /// The slot's policy, in the hub.
    var policy: KernelPrograms.Place { .init(.hubFromSlot, Hub.end(of: site), .ingress) }

    /// The hub's end comes up, without ARP: before the slot's, so that this one has a carrier from its first moment.
    var openingHub: NetlinkRequest { .change(Hub.end(of: site), .upWithoutARP) }

    /// When the slot's end is up, too.
    var settlingHub: NetlinkRequest { .settle(Hub.end(of: site)) }

    // MARK: - Layouts

    private static let directInterface = Link(index: CInt(slot_direct_interface))
    private static let directTap = Link(index: CInt(slot_direct_tap))

    private func makeDirect(
        _ netlink: inout NetlinkSession<NetlinkSocket>
    ) throws(NetworkError) -> [NetlinkRequest] {
        let (interface, tap) = (Self.directInterface, Self.directTap)
        try netlink.perform([
            makeVeth(
                NewLink(
                    SlotAddresses.interfaceName, index: interface.index, hardwareAddress: SlotAddresses.interface,
                    largestPacket: SlotAddresses.largestPacket))
        ])
        try Tap.make(named: SlotAddresses.tapName, index: tap.index)
        try programs.attach([.init(.directFromTap, tap, .ingress), .init(.directFromHub, interface, .ingress)])
        return NetlinkRequest.bringUpWithoutIPv6(tap) + giveAddress(to: interface) + [.settle(tap)]
    }

    private static let bridgedVeth = Link(index: CInt(slot_bridged_veth))
    private var bridgedTap: Link { Link(index: CInt(slot_bridged_tap_base) + CInt(index)) }
    private var bridge: Link { Link(index: CInt(slot_bridged_bridge_base) + CInt(index)) }
    private var bridgedTunnel: Link { Link(index: CInt(slot_bridged_tunnel_base) + CInt(index)) }

    private func makeBridged(
        _ namespace: SharedDescriptor, _ trunk: SharedDescriptor, _ netlink: inout NetlinkSession<NetlinkSocket>
    ) throws(NetworkError) -> [NetlinkRequest] {
        try makeOwnTunnel(in: namespace, from: trunk)
        let (veth, tap) = (Self.bridgedVeth, bridgedTap)
        try netlink.perform([
            makeVeth(NewLink("uplink", index: veth.index, largestPacket: SlotAddresses.largestPacket)),
            .makeBridge(
                NewLink(SlotAddresses.interfaceName, index: bridge.index, hardwareAddress: SlotAddresses.interface)),
        ])
        try Tap.make(named: SlotAddresses.tapName, index: tap.index)
        // Stations are given to the ports, not learned: a guest can take neither the gateway's frames nor another's.
        try netlink.perform(
            [
                .enslave(veth, to: bridge), .enslave(tap, to: bridge),
                .configure(veth, as: .init(floodsBroadcast: true)), .configure(tap, as: .init()),
                .addStation(SlotAddresses.gatewayStation, at: veth), .addStation(SlotAddresses.machine, at: tap),
            ])
        try programs.attach([
            .init(.bridgedFromTap, tap, .ingress), .init(.bridgedFromStack, bridge, .egress),
            .init(.bridgedFromTunnel, bridgedTunnel, .ingress),
        ])
        return [veth, tap, bridgedTunnel].flatMap { NetlinkRequest.bringUpWithoutIPv6($0) } + giveAddress(to: bridge)
            + [.settle(veth), .settle(tap), .settle(bridge)]
    }

    /// The device is the slot's, its outer packets are the trunk's. With a network identifier that means nothing outside.
    private func makeOwnTunnel(in namespace: SharedDescriptor, from trunk: SharedDescriptor) throws(NetworkError) {
        try NetworkNamespace.enter(trunk)
        defer { try? NetworkNamespace.enter(namespace) }
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        let request = namespace.withRaw { raw in
            NetlinkRequest.makeTunnel(
                NewLink(Self.tunnelName, index: bridgedTunnel.index, namespace: raw),
                .fixed(identifier: Self.dummyNetwork + UInt32(index), remote: Self.dummyEndpoint),
                port: settings.tunnelPort)
        }
        try netlink.perform([request])
    }

    // MARK: - Parts

    private func makeVeth(_ inner: NewLink) -> NetlinkRequest {
        hub.namespace.withRaw { raw in
            .makeVeth(
                inner,
                peer: NewLink(
                    "slot\(index)-\(site.generation)", index: Hub.end(of: site).index,
                    hardwareAddress: SlotAddresses.gatewayStation,
                    namespace: raw))
        }
    }

    /// What processes in the slot use: loopback with the platform's address, and the guest's on this interface.
    private func giveAddress(to interface: NetlinkRequest.Link) -> [NetlinkRequest] {
        [.change(.loopback, .up), .addAddress(SlotAddresses.platform, prefix: 32, to: .loopback)]
            + NetlinkRequest.bringUpWithoutIPv6(interface, arp: true) + [
                .addAddress(SlotAddresses.guest, prefix: SlotAddresses.prefixLength, to: interface),
                .addNeighbour(SlotAddresses.gateway, SlotAddresses.gatewayStation, on: interface),
                .addRoute(
                    to: IPv4Prefix(IPv4Address(0, 0, 0, 0), length: 0), via: SlotAddresses.gateway, over: interface),
            ]
    }
}
