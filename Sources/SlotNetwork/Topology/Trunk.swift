internal import Basics
internal import CSlotPrograms
import Glibc
internal import LinuxKit
internal import SystemPackage

/// In layout `bridged`, where the tunnels of some slots have their outer side: a namespace between these slots and the host.
///
/// The kernel compares each new VXLAN device with all others whose outer side is in the same namespace (`vxlan_vni_in_use`).
/// With thousands on the host itself the last slot took half as long again as the first.
struct Trunk: Sendable {
    let number: Int
    let uplink: HostUplink

    private static let inner = NetlinkRequest.Link(index: CInt(slot_trunk_uplink))
    /// The same in all of them; of RFC 5737, as the tunnels' other end.
    static let address = IPv4Address(192, 0, 2, 1)

    /// In the keep.
    static func name(_ number: Int) -> String { "trunk\(number)" }

    private var hostName: String { uplink.trunkName(number) }

    /// Makes it, and leaves the calling thread in it. The thread is in the keep.
    func make(_ programs: KernelPrograms) throws(NetworkError) -> SharedDescriptor {
        // One that was not finished, whose namespace the kernel is still taking away.
        try uplink.removeHostEnd(named: hostName)
        let namespace = try NetworkNamespace.enterNew()
        try NetworkNamespace.switchIPv6Off()
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        let veth = uplink.host.withRaw { host in
            NetlinkRequest.makeVeth(
                .init("uplink", index: Self.inner.index), peer: .init(hostName, namespace: host))
        }
        try netlink.perform([veth])
        try NetworkNamespace.run(in: uplink.host) { () throws(NetworkError) in try openHostEnd(programs) }
        // All goes to the other end, which asks for nobody's station.
        try netlink.perform([
            .change(Self.inner, .upWithoutARP), .addAddress(Self.address, prefix: 32, to: Self.inner),
            .addRoute(
                to: IPv4Prefix(IPv4Address(0, 0, 0, 0), length: 0), via: SlotPlan.dummyEndpoint, over: Self.inner,
                isOnLink: true),
        ])
        // Last: what is in the keep is complete.
        try NamespaceKeep.keepCurrent(as: Self.name(number))
        return namespace
    }

    /// First the program, then the link: nothing else comes out of a trunk.
    private func openHostEnd(_ programs: KernelPrograms) throws(NetworkError) {
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        let link = try netlink.link(named: hostName)
        try programs.attach([.init(.hostFromTrunk, link, .ingress)])
        try programs.maps.set(hostEnd: link, of: number)
        // For the program's look at the host's routes; what slots send otherwise has nothing to do with it.
        try rethrowing(try SmallFile.set(FilePath("/proc/sys/net/ipv4/conf/\(hostName)/forwarding"), to: "1")) {
            NetworkError("let \(hostName) pass packets on", $0)
        }
        try netlink.perform(NetlinkRequest.bringUpWithoutIPv6(link))
    }
}
