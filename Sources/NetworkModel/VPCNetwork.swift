package import LinuxKit

/// A virtual network that sandboxes can be put into: its frames travel in a tunnel, marked with the network's identifier.
///
/// Networks may use the same addresses: what belongs to which is told by ``identifier`` alone.
package struct VPCNetwork: Sendable, Hashable {
    /// 1 to 40 lower-case letters, digits and hyphens; also the end of its subnet ID, `subnet-NAME`.
    package var name: String
    /// The VNI of RFC 7348 and RFC 8926: 1 to 16,777,215.
    package var identifier: UInt32
    /// The network's own addresses.
    package var subnet: IPv4Prefix
    /// Those of them that this host gives to its sandboxes, first and last.
    package var addresses: ClosedRange<IPv4Address>
    /// The other ends of the tunnel; the one with the longest matching destination is used.
    package var endpoints: [Endpoint]
    /// An address in the network that answers what functions ask for names; nil: nobody does.
    package var nameServer: IPv4Address?

    package struct Endpoint: Sendable, Hashable {
        /// Where the encapsulated frames go: an address the host can reach.
        package var address: IPv4Address
        /// What lies behind it.
        package var destination: IPv4Prefix
        /// Whom the frames are for, behind it.
        package var hardwareAddress: MACAddress

        package init(address: IPv4Address, destination: IPv4Prefix, hardwareAddress: MACAddress) {
            self.address = address
            self.destination = destination
            self.hardwareAddress = hardwareAddress
        }
    }

    package init(
        name: String, identifier: UInt32, subnet: IPv4Prefix, addresses: ClosedRange<IPv4Address>,
        endpoints: [Endpoint],
        nameServer: IPv4Address? = nil
    ) {
        self.name = name
        self.identifier = identifier
        self.subnet = subnet
        self.addresses = addresses
        self.endpoints = endpoints
        self.nameServer = nameServer
    }
}
