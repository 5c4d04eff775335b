/// An Ethernet address.
package struct MACAddress: Sendable, Hashable, LosslessStringConvertible {
    /// Six, in the order they are sent.
    package let bytes: [UInt8]

    package init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, _ e: UInt8, _ f: UInt8) { bytes = [a, b, c, d, e, f] }

    /// `02:54:48:41:57:01`.
    package init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { $0.count == 2 ? UInt8($0, radix: 16) : nil }
        guard parts.count == 6, bytes.count == 6 else { return nil }
        self.bytes = bytes
    }

    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
    /// Whether it names one station and not a group.
    package var isUnicast: Bool { bytes[0] & 1 == 0 }
}
