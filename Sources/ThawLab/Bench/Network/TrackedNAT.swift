import LinuxKit
import SlotNetwork

/// Addresses translated the way that keeps a table of connections.
enum TrackedNAT {
    static let outside = IPv4Address(10, 0, 0, 1)

    /// A client on a host of the bench behind two translations: in its own namespace, and where the host sends it out. Blocks.
    static func client(on host: BenchHost) throws -> SharedDescriptor {
        let client = try host.client("ct0", outside, source: SlotAddresses.guest)
        try translate(guestTo: outside, on: "eth0", in: client)
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

    /// Has the guest's address, the same in every slot, be another one outside. Blocks.
    static func translate(
        guestTo outside: IPv4Address, on link: String, in namespace: SharedDescriptor
    ) throws {
        try NFTables.load(
            """
            table ip nat {
                chain postrouting {
                    type nat hook postrouting priority srcnat
                    ip saddr \(SlotAddresses.guest) oifname "\(link)" snat to \(outside)
                }
                chain prerouting {
                    type nat hook prerouting priority dstnat
                    iifname "\(link)" ip daddr \(outside) dnat to \(SlotAddresses.guest)
                }
            }

            """, in: namespace)
    }
}
