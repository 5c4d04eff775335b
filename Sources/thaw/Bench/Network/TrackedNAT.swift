import LinuxKit

/// Addresses translated the way that keeps a table of connections, twice: in the slot's namespace, and where the host sends it
/// out.
enum TrackedNAT {
    static let guest = IPv4Address(169, 254, 0, 21)
    static let outside = IPv4Address(10, 0, 0, 1)

    /// A client behind both, on a host of the bench. Blocks.
    static func client(on host: BenchHost) throws -> SharedDescriptor {
        let client = try host.client("ct0", outside, source: guest)
        try NFTables.load(
            """
            table ip nat {
                chain postrouting {
                    type nat hook postrouting priority srcnat
                    ip saddr \(guest) oifname "eth0" snat to \(outside)
                }
                chain prerouting {
                    type nat hook prerouting priority dstnat
                    iifname "eth0" ip daddr \(outside) dnat to \(guest)
                }
            }

            """, in: client)
        try NFTables.load(
            """
            table ip nat {
                chain postrouting {
                    type nat hook postrouting priority srcnat
                    oifname "\(BenchHost.uplink)" masquerade
                }
            }

            """, in: host.namespace)
        return client
    }
}
