internal import LinuxKit

/// A network as its file has it, and as `thaw network list --json` shows it:
/// ```
/// {"name": "a", "vni": 7001, "subnet": "10.1.0.0/16", "addresses": {"first": "10.1.128.0", "last": "10.1.255.254"},
///  "endpoints": [{"address": "192.0.2.7", "destination": "0.0.0.0/0", "mac": "02:54:48:41:57:fe"}],
///  "nameServer": "10.1.0.2"}
/// ```
/// `nameServer` may be absent.
/// Decoding checks the form only; for the rules see ``fault``.
extension VPCNetwork: Codable {
    private enum CodingKeys: String, CodingKey {
        case name
        case identifier = "vni"
        case subnet, addresses, endpoints, nameServer
    }

    private enum RangeKeys: String, CodingKey { case first, last }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let range = try container.nestedContainer(keyedBy: RangeKeys.self, forKey: .addresses)
        let first = try range.decodeText(IPv4Address.self, forKey: .first)
        let last = try range.decodeText(IPv4Address.self, forKey: .last)
        guard first <= last else {
            throw DecodingError.dataCorruptedError(
                forKey: .first, in: range, debugDescription: "it comes after the last")
        }
        // Foundation calls a number that does not fit no JSON.
        let number = try container.decode(Int.self, forKey: .identifier)
        guard let identifier = UInt32(exactly: number) else {
            throw DecodingError.dataCorruptedError(
                forKey: .identifier, in: container, debugDescription: "\(number) is no VNI")
        }
        self.init(
            name: try container.decode(String.self, forKey: .name), identifier: identifier,
            subnet: try container.decodeText(IPv4Prefix.self, forKey: .subnet), addresses: first...last,
            endpoints: try container.decode([Endpoint].self, forKey: .endpoints),
            nameServer: try container.contains(.nameServer)
                ? container.decodeText(IPv4Address.self, forKey: .nameServer) : nil)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(identifier, forKey: .identifier)
        try container.encode(subnet.description, forKey: .subnet)
        var range = container.nestedContainer(keyedBy: RangeKeys.self, forKey: .addresses)
        try range.encode(addresses.lowerBound.description, forKey: .first)
        try range.encode(addresses.upperBound.description, forKey: .last)
        try container.encode(endpoints, forKey: .endpoints)
        try container.encodeIfPresent(nameServer?.description, forKey: .nameServer)
    }
}

extension VPCNetwork.Endpoint: Codable {
    private enum CodingKeys: String, CodingKey {
        case address, destination
        case hardwareAddress = "mac"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            address: try container.decodeText(IPv4Address.self, forKey: .address),
            destination: try container.decodeText(IPv4Prefix.self, forKey: .destination),
            hardwareAddress: try container.decodeText(MACAddress.self, forKey: .hardwareAddress))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(address.description, forKey: .address)
        try container.encode(destination.description, forKey: .destination)
        try container.encode(hardwareAddress.description, forKey: .hardwareAddress)
    }
}

extension KeyedDecodingContainer {
    fileprivate func decodeText<Value: LosslessStringConvertible>(_ type: Value.Type, forKey key: Key) throws -> Value {
        let text = try decode(String.self, forKey: key)
        guard let value = Value(text) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "'\(text.prefix(64))' is not of the form it should have")
        }
        return value
    }
}
