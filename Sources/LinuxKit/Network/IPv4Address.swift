/// An IPv4 address.
package struct IPv4Address: Sendable, Hashable, Comparable, LosslessStringConvertible {
    /// In the machine's byte order: 10.0.0.1 is 0x0A00_0001.
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        rawValue = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
    }

    /// Four decimal numbers, as inet_pton(3) takes them.
    package init?(_ description: String) {
        let parts = description.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            let isNumber = !part.isEmpty && part.utf8.allSatisfy { (48...57).contains($0) }
            guard isNumber, part.count == 1 || part.first != "0", let byte = UInt8(part) else { return nil }
            value = value << 8 | UInt32(byte)
        }
        rawValue = value
    }

    /// In network byte order.
    package var bytes: [UInt8] { withUnsafeBytes(of: rawValue.bigEndian, Array.init) }
    package var description: String { bytes.map(String.init).joined(separator: ".") }

    package static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.rawValue < right.rawValue }
    package static func + (address: IPv4Address, offset: UInt32) -> IPv4Address {
        IPv4Address(rawValue: address.rawValue &+ offset)
    }
}

/// An IPv4 network: `10.0.0.0/16`.
package struct IPv4Prefix: Sendable, Hashable, LosslessStringConvertible {
    package let address: IPv4Address
    /// 0 to 32.
    package let length: UInt8

    /// The network of this length that holds `address`.
    package init(_ address: IPv4Address, length: UInt8) {
        self.length = min(length, 32)
        self.address = IPv4Address(rawValue: address.rawValue & Self.mask(self.length))
    }

    /// Nil unless it is an address and a length, and no bit of the address is set beyond the length.
    package init?(_ description: String) {
        let parts = description.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(String(parts[0])), let length = UInt8(parts[1]), length <= 32,
            address.rawValue & ~Self.mask(length) == 0
        else { return nil }
        self.init(address, length: length)
    }

    package var description: String { "\(address)/\(length)" }
    /// How many addresses it holds.
    package var count: UInt64 { 1 << UInt64(32 - length) }

    package func contains(_ other: IPv4Address) -> Bool {
        other.rawValue & Self.mask(length) == address.rawValue
    }
    package func overlaps(_ other: IPv4Prefix) -> Bool { contains(other.address) || other.contains(address) }

    private static func mask(_ length: UInt8) -> UInt32 { length == 0 ? 0 : ~0 << UInt32(32 - length) }
}
