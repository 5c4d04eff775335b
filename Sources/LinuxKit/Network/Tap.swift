internal import CLinux
import Glibc
internal import SystemPackage

/// Tap devices: an Ethernet link whose other end is a descriptor. Frames are read and written bare: IFF_NO_PI, no virtio header.
package enum Tap {
    /// Makes tap device `name` (at most 15 bytes) with this interface index in the calling thread's network namespace. It stays
    /// when nobody has it open, down, as long as the namespace.
    package static func make(named name: String, index: CInt) throws(NetworkError) {
        try attempt("make tap device \(name)") { () throws(Errno) in
            let device = try OwnedDescriptor.open("/dev/net/tun", .readWrite)
            try device.withRaw { raw throws(Errno) in
                _ = try shim { clinux_tap_choose_index(raw, UInt32(bitPattern: index)) }
                _ = try shim { clinux_tap_attach(raw, name) }
                _ = try shim { clinux_tap_persist(raw) }
            }
        }
    }

    /// Opens a tap device of the namespace; it must be open nowhere else. The descriptor is nonblocking. Blocks for 0.2 ms.
    ///
    /// After a close the device may be in use for another millisecond: a process that is just being started holds copies of
    /// all descriptors until its execve.
    package static func open(
        named name: String, in namespace: SharedDescriptor
    ) throws(NetworkError) -> OwnedDescriptor {
        let raw = try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            let raw = try attempt("open tap device \(name)") { () throws(Errno) in
                let device = try OwnedDescriptor.open("/dev/net/tun", .readWrite, options: [.nonBlocking])
                try device.withRaw { raw throws(Errno) in _ = try shim { clinux_tap_attach(raw, name) } }
                return device.relinquish()
            }
            // With the descriptor came the carrier.
            try? settleCarrierHere(of: name)
            return raw
        }
        return OwnedDescriptor(adopting: raw)
    }

    /// Waits until the kernel has acted on the carrier that came when somebody opened a tap device of the namespace.
    package static func settleCarrier(of name: String, in namespace: SharedDescriptor) throws(NetworkError) {
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            try settleCarrierHere(of: name)
        }
    }

    private static func settleCarrierHere(of name: String) throws(NetworkError) {
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        guard let reply = try netlink.query(.findLink(named: name)).first, let link = reply.linkSummary?.link,
            !reply.hasSettledCarrier
        else { return }
        try LinkCarrier.settle([link])
    }

    private static func attempt<R>(_ action: String, _ call: () throws(Errno) -> R) throws(NetworkError) -> R {
        do { return try call() } catch {
            let hasNoDriver = error == .noSuchFileOrDirectory || error == .operationNotSupportedByDevice
            throw NetworkError(action, error, remedy: hasNoDriver ? "modprobe tun" : nil)
        }
    }
}
