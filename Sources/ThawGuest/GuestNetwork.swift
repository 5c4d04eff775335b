import Glibc
import LinuxKit
import SystemPackage

/// Loopback, and the sandbox's one network interface if it has one.
enum GuestNetwork {
    static func bringUp() throws(GuestError) {
        do throws(NetworkError) {
            var session = NetlinkSession(transport: try NetlinkSocket())
            let loopback = try session.link(named: "lo")
            try session.bringUp(loopback)
            // Where functions find the Runtime API, as in a slot.
            try session.addAddress(.init(169, 254, 100, 1), prefix: 32, to: loopback)
            guard FileStatus.exists("/sys/class/net/eth0") else { return }
            let interface = try session.link(named: "eth0")
            try session.disableIPv6Addresses(of: interface)
            // The same in every sandbox: each has a network namespace of its own outside.
            try session.addAddress(.init(169, 254, 0, 21), prefix: 30, to: interface)
            // Room for what a tunnel of the slot adds to each packet.
            try session.perform([.limitPackets(of: interface, to: 1450)])
            try session.bringUp(interface)
            // Whether anything gets beyond the gateway is up to the slot, which knows the function's network.
            try session.addRoute(to: .init(0, 0, 0, 0), prefix: 0, via: .init(169, 254, 0, 22), over: interface)
        } catch {
            throw GuestError(error)
        }
    }
}
