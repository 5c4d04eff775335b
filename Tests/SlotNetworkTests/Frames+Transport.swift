import LinuxKit
import SlotNetwork

/// Transports and kinds of packets beside those of a plain datagram.
extension Frames {
    static let syn: UInt8 = 0x02, rst: UInt8 = 0x04, ack: UInt8 = 0x10

    static func bytes(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
    static func bytes(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }

    /// With a checksum over the pseudo-header.
    static func tcp(
        from: IPv4Address = SlotAddresses.guest, to: IPv4Address, port: UInt16 = 80, source: UInt16 = 4000,
        flags: UInt8,
        sequence: UInt32 = 1000, acknowledged: UInt32 = 0, window: UInt16 = 0, _ payload: [UInt8] = []
    ) -> [UInt8] {
        var segment =
            bytes(source) + bytes(port) + bytes(sequence) + bytes(acknowledged) + [0x50, flags] + bytes(window)
            + [0, 0, 0, 0] + payload
        segment.replaceSubrange(
            16..<18, with: bytes(checksum(from.bytes + to.bytes + [0, 6] + bytes(UInt16(segment.count)) + segment)))
        return segment
    }

    static func icmp(_ type: UInt8, code: UInt8 = 0, rest: UInt32 = 0, _ payload: [UInt8]) -> [UInt8] {
        var message = [type, code, 0, 0] + bytes(rest) + payload
        message.replaceSubrange(2..<4, with: bytes(checksum(message)))
        return message
    }

    /// A whole packet, with header options in front of the payload where `options` has some: whole words.
    static func packet(
        from: IPv4Address = SlotAddresses.guest, to: IPv4Address, proto: UInt8, fragment: UInt16 = 0, ttl: UInt8 = 64,
        identifier: UInt16 = 1, options: [UInt8] = [], _ payload: [UInt8]
    ) -> [UInt8] {
        let length = 20 + options.count
        var header =
            [0x40 | UInt8(length / 4), 0] + bytes(UInt16(length + payload.count)) + bytes(identifier) + bytes(fragment)
            + [ttl, proto, 0, 0] + from.bytes + to.bytes + options
        header.replaceSubrange(10..<12, with: bytes(checksum(header)))
        return header + payload
    }

    static func datagram(
        from: IPv4Address = SlotAddresses.guest, to: IPv4Address, port: UInt16 = 7, source: UInt16 = 4000,
        options: [UInt8] = [], _ payload: [UInt8] = [1, 2, 3]
    ) -> [UInt8] {
        packet(
            from: from, to: to, proto: 17, options: options,
            udp(from: from, to: to, port: port, source: source, payload))
    }

    static func segment(
        from: IPv4Address = SlotAddresses.guest, to: IPv4Address, port: UInt16 = 80, source: UInt16 = 4000,
        flags: UInt8,
        _ payload: [UInt8] = []
    ) -> [UInt8] {
        packet(
            from: from, to: to, proto: 6,
            tcp(
                from: from, to: to, port: port, source: source, flags: flags, acknowledged: flags & ack == 0 ? 0 : 77,
                payload))
    }

    static func echo(_ type: UInt8, from: IPv4Address = SlotAddresses.guest, to: IPv4Address) -> [UInt8] {
        packet(from: from, to: to, proto: 1, icmp(type, rest: 0x0001_0001, [9, 9, 9, 9]))
    }

    /// What the hub answers a guest that it may not: type 3, code 9, by the gateway, quoting header and eight bytes.
    static func prohibited(_ packet: [UInt8], to guest: IPv4Address = SlotAddresses.guest) -> [UInt8] {
        Frames.packet(
            from: SlotAddresses.gateway, to: guest, proto: 1, identifier: 0, icmp(3, code: 9, Array(packet.prefix(28))))
    }
}
