package import LinuxKit
internal import SystemPackage

/// A network namespace that stands for a host of its own: its loopback is up, so that the kernel has its tables, and nothing else.
/// It passes no packets on; the kernel would have it do as this machine does.
package func makeHostNamespace() throws(NetworkError) -> SharedDescriptor {
    let host = try NetworkNamespace.create()
    try NetworkNamespace.run(in: host) { () throws(NetworkError) in
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        try netlink.bringUp(.loopback)
        do throws(Errno) { try SmallFile.set("/proc/sys/net/ipv4/ip_forward", to: "0") } catch {
            throw NetworkError("set net.ipv4.ip_forward", error)
        }
    }
    return host
}
