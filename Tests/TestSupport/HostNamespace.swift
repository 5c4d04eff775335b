package import LinuxKit

/// A network namespace that stands for a host of its own: its loopback is up, so that the kernel has its tables, and nothing else.
package func makeHostNamespace() throws(NetworkError) -> SharedDescriptor {
    let host = try NetworkNamespace.create()
    try NetworkNamespace.run(in: host) { () throws(NetworkError) in
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        try netlink.bringUp(.loopback)
    }
    return host
}
