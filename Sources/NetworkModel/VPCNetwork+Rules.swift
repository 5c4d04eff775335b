package import LinuxKit

/// What a virtual network must be like. Asked of what an operator gives and of what is read from a disk.
extension VPCNetwork {
    package static let identifiers: ClosedRange<UInt32> = 1...16_777_215
    /// The lengths of a subnet: room for sandboxes, and no more than one private network.
    package static let subnetLengths: ClosedRange<UInt8> = 8...29
    private static let longestName = 40

    /// `[a-z0-9-]{1,40}`; also what makes it safe as a file's name.
    package static func isName(_ text: String) -> Bool {
        (1...longestName).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            }
    }

    /// The upper half of a subnet without its last address; nil for one that is no subnet of a network.
    package static func defaultAddresses(of subnet: IPv4Prefix) -> ClosedRange<IPv4Address>? {
        guard subnetLengths.contains(subnet.length) else { return nil }
        let count = UInt32(subnet.count)
        return subnet.address + count / 2...subnet.address + (count - 2)
    }

    /// The first rule that it breaks, as words that go on after its name; nil when it keeps them all.
    package var fault: String? {
        if !Self.isName(name) {
            return "has a name that is not 1 to \(Self.longestName) lower-case letters, digits and hyphens"
        }
        if !Self.identifiers.contains(identifier) {
            let (least, most) = (Self.identifiers.lowerBound, Self.identifiers.upperBound)
            return "has the VNI \(identifier), which is not \(least) to \(most)"
        }
        return subnetFault ?? addressesFault ?? endpointsFault ?? nameServerFault
    }

    private var subnetFault: String? {
        if !Self.subnetLengths.contains(subnet.length) {
            let (least, most) = (Self.subnetLengths.lowerBound, Self.subnetLengths.upperBound)
            return "has the subnet \(subnet), whose length is not \(least) to \(most)"
        }
        guard let special = Self.special.first(where: { $0.overlaps(subnet) }) else { return nil }
        return "has the subnet \(subnet), which overlaps \(special), where no sandbox can have an address"
    }

    private var addressesFault: String? {
        let usable = subnet.address + 1...subnet.address + UInt32(subnet.count - 2)
        guard usable.contains(addresses.lowerBound), usable.contains(addresses.upperBound) else {
            let (first, last) = (usable.lowerBound, usable.upperBound)
            return "gives sandboxes \(addresses.lowerBound)-\(addresses.upperBound), not all of it in \(first)-\(last)"
        }
        return nil
    }

    private var endpointsFault: String? {
        if endpoints.isEmpty { return "has no endpoint" }
        for endpoint in endpoints {
            if let special = Self.unreachable.first(where: { $0.contains(endpoint.address) }) {
                return "has the endpoint \(endpoint.address), which is in \(special): no other host has such an address"
            }
            if !endpoint.hardwareAddress.isUnicast {
                return "has an endpoint with the hardware address \(endpoint.hardwareAddress), which names a group"
            }
        }
        let destinations = endpoints.map(\.destination)
        guard let twice = destinations.first(where: { one in destinations.count { $0 == one } > 1 }) else { return nil }
        return "has two endpoints for \(twice)"
    }

    private var nameServerFault: String? {
        guard let nameServer else { return nil }
        if addresses.contains(nameServer) {
            return "has the name server \(nameServer), an address that a sandbox may be given"
        }
        guard let special = Self.special.first(where: { $0.contains(nameServer) }) else { return nil }
        return "has the name server \(nameServer), which is in \(special): no network has such an address"
    }

    /// This network, loopback, multicast and what is reserved above it: RFC 6890.
    private static let unreachable = [
        IPv4Prefix(IPv4Address(0, 0, 0, 0), length: 8), IPv4Prefix(IPv4Address(127, 0, 0, 0), length: 8),
        IPv4Prefix(IPv4Address(224, 0, 0, 0), length: 3),
    ]
    /// Link-local addresses besides: a slot's own are among them.
    private static let special = unreachable + [IPv4Prefix(IPv4Address(169, 254, 0, 0), length: 16)]
}
