extension NetworkNamespace {
    /// Waits until the kernel has taken down the namespaces that nobody held any more when this was called. Blocks.
    ///
    /// It does so in the background, one batch after the other (`cleanup_net` of net/core/net_namespace.c), and changes no other
    /// interface while it is at one.
    package static func waitUntilTakenDown() throws(NetworkError) {
        // The first one may be taken down in the same batch as those that are waited for; the second comes after that.
        for _ in 0..<2 { try waitForOneMore() }
    }

    /// Lets a namespace go, and waits until the kernel has come to it: the other end of a veth in it disappears.
    private static func waitForOneMore() throws(NetworkError) {
        let here = try create()
        try run(in: here) { () throws(NetworkError) in
            let events = NetlinkSession(transport: try NetlinkSocket(hearing: .links))
            let witness = NetlinkRequest.Link(index: 2)
            do {
                let doomed = try create()
                var netlink = NetlinkSession(transport: try NetlinkSocket())
                let request = doomed.withRaw { raw in
                    NetlinkRequest.makeVeth(
                        .init("witness", index: witness.index), peer: .init("doomed", namespace: raw))
                }
                try netlink.perform([request])
            }
            try events.waitForRemoval(of: witness)
        }
    }
}
