internal import GuestProtocol

/// Files that every sandbox has, whatever its root is made from.
package enum SandboxFiles {
    /// What its network is.
    package static let network: [(path: String, content: String)] = [
        // A sandbox's host name leads to itself.
        ("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n127.0.0.1 \(RuntimeUser.hostName)\n"),
        // The gateway of every slot, which asks the name server of the function's network.
        ("/etc/resolv.conf", "nameserver 169.254.0.22\n"),
    ]
}
