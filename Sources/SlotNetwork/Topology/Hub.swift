internal import CSlotPrograms
import Glibc
package import LinuxKit
internal import SystemPackage

/// Where all slots lead: a namespace of the server's own that holds the outer end of every slot's veth, the uplink to the host
/// and the tunnel device.
///
/// So the host has one interface of a server's, whatever the number of its slots, and nothing in the hub can clash with it.
package struct Hub: Sendable {
    static let name = "hub"
    package let namespace: SharedDescriptor
    let host: SharedDescriptor

    package init(namespace: SharedDescriptor, host: SharedDescriptor) {
        self.namespace = namespace
        self.host = host
    }

    static let uplink = NetlinkRequest.Link(index: CInt(slot_hub_uplink))
    static let tunnel = NetlinkRequest.Link(index: CInt(slot_hub_tunnel))
    /// A slot as it was made at one time. What was made before it may still be there, on its way to be taken down.
    struct Site: Sendable, Hashable {
        var slot: Int
        var generation = 0

        init(slot: Int) { self.slot = slot }

        /// Of the slot whose end in the hub is this one; 0: it has none yet.
        init(slot: Int, interface: UInt32) {
            self.slot = slot
            generation = max(0, Int(interface) - Int(slot_hub_base)) / Int(slot_hub_stride)
        }

        var next: Site {
            var next = self
            next.generation = (generation + 1) % Int(slot_hub_generations)
            return next
        }
    }

    /// The hub's end of a slot's veth.
    static func end(of site: Site) -> NetlinkRequest.Link {
        NetlinkRequest.Link(
            index: CInt(slot_hub_base) + CInt(site.generation) * CInt(slot_hub_stride) + CInt(site.slot))
    }

    /// Makes the namespace and keeps it; the calling thread is in it then.
    static func make(host: SharedDescriptor) throws(NetworkError) -> Hub {
        let namespace = try NetworkNamespace.enterNew()
        try NamespaceKeep.keepCurrent(as: name)
        try NetworkNamespace.switchIPv6Off()
        return Hub(namespace: namespace, host: host)
    }

    /// Makes the veth between hub and host. The calling thread is in the hub.
    func makeUplink(named name: String) throws(NetworkError) {
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        let request = host.withRaw { host in
            NetlinkRequest.makeVeth(
                .init("uplink", index: Self.uplink.index, hardwareAddress: SlotAddresses.hub),
                peer: .init(name, hardwareAddress: SlotAddresses.host, namespace: host))
        }
        try netlink.perform([request, .change(Self.uplink, .upWithoutARP)])
    }

    /// Makes the device that all slots of layout `direct` share. Its packets travel on the host, its frames end in the hub.
    package func makeTunnel(port: UInt16) throws(NetworkError) {
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let request = namespace.withRaw { hub in
                NetlinkRequest.makeTunnel(
                    .init("tunnel", index: Self.tunnel.index, namespace: hub), .perFrame, port: port)
            }
            try netlink.perform([request])
        }
        var inner = NetlinkSession(transport: try NetlinkSocket())
        try inner.perform([.change(Self.tunnel, .upWithoutARP)])
    }

    /// Takes the tunnel device away, if there is one: its port is free for the next server at once, and not only when the kernel has
    /// taken the hub apart. The calling thread is in the hub.
    func removeTunnel() {
        guard var netlink = try? NetlinkSession(transport: NetlinkSocket()) else { return }
        try? netlink.perform([.delete(Self.tunnel)])
    }

    /// The programs of the hub's own interfaces. The calling thread is in the hub.
    func attach(_ programs: KernelPrograms) throws(NetworkError) {
        try programs.attach([.init(.hubFromUplink, Self.uplink, .ingress)])
    }

    /// The same of the tunnel, if there is one.
    func attachTunnel(_ programs: KernelPrograms) throws(NetworkError) {
        try programs.attach([.init(.hubFromTunnel, Self.tunnel, .ingress)])
    }
}
