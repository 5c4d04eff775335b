internal import CLinux
import Glibc
internal import SystemPackage

/// Tap devices: an Ethernet link whose other end is a descriptor.
package enum Tap {
    /// Makes tap device `name` (at most 15 bytes) inside the namespace and brings it up.
    ///
    /// Frames are read and written bare: IFF_NO_PI, no virtio header. The device goes with its descriptor, which is
    /// nonblocking. The kernel puts nothing on the link by itself: it has no addresses, not even IPv6 link-local. Blocks
    /// for about 1 ms.
    ///
    /// After the close the name may stay taken for another millisecond: a process that is just being started holds copies of
    /// all descriptors until its execve.
    package static func open(
        named name: String, in namespace: SharedDescriptor
    ) throws(NetworkError) -> OwnedDescriptor {
        let raw = try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            try make(named: name).relinquish()
        }
        return OwnedDescriptor(adopting: raw)
    }

    private static func make(named name: String) throws(NetworkError) -> OwnedDescriptor {
        let tun: OwnedDescriptor
        do throws(Errno) {
            tun = try OwnedDescriptor.open("/dev/net/tun", .readWrite, options: [.nonBlocking])
        } catch {
            throw NetworkError("open /dev/net/tun", error)
        }
        do throws(Errno) {
            try tun.withRaw { tun throws(Errno) in _ = try shim { clinux_tap_attach(tun, name) } }
        } catch {
            throw NetworkError("make tap device \(name)", error)
        }
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        let link = try netlink.link(named: name)
        try netlink.disableIPv6Addresses(of: link)
        try netlink.bringUp(link)
        return tun
    }
}
