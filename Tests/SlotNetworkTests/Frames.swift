import Glibc
import LinuxKit
import SlotNetwork
import SystemPackage

/// Ethernet frames as bytes, well formed unless a test wants otherwise.
enum Frames {
    /// The checksum of RFC 1071.
    static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
        }
        while sum >> 16 != 0 { sum = (sum & 0xffff) + (sum >> 16) }
        return ~UInt16(sum)
    }

    static func ethernet(
        to: MACAddress = SlotAddresses.gatewayStation, from: MACAddress = SlotAddresses.machine, type: UInt16 = 0x0800,
        _ payload: [UInt8]
    ) -> [UInt8] { to.bytes + from.bytes + [UInt8(type >> 8), UInt8(type & 255)] + payload }

    static func ip(
        from: IPv4Address = SlotAddresses.guest, to: IPv4Address, proto: UInt8, fragment: UInt16 = 0,
        _ payload: [UInt8]
    ) -> [UInt8] {
        let length = UInt16(20 + payload.count)
        var header: [UInt8] = [
            0x45, 0, UInt8(length >> 8), UInt8(length & 255), 0, 1, UInt8(fragment >> 8), UInt8(fragment & 255), 64,
            proto, 0, 0,
        ]
        header += from.bytes + to.bytes
        let sum = checksum(header)
        (header[10], header[11]) = (UInt8(sum >> 8), UInt8(sum & 255))
        return header + payload
    }

    /// With a checksum over the pseudo-header.
    static func udp(
        from: IPv4Address = SlotAddresses.guest, to: IPv4Address, port: UInt16, source: UInt16 = 4000,
        _ payload: [UInt8]
    ) -> [UInt8] {
        let length = UInt16(8 + payload.count)
        var datagram: [UInt8] = [
            UInt8(source >> 8), UInt8(source & 255), UInt8(port >> 8), UInt8(port & 255), UInt8(length >> 8),
            UInt8(length & 255), 0, 0,
        ]
        datagram += payload
        let sum = checksum(from.bytes + to.bytes + [0, 17, UInt8(length >> 8), UInt8(length & 255)] + datagram)
        (datagram[6], datagram[7]) = (UInt8(sum >> 8), UInt8(sum & 255))
        return datagram
    }

    static func arp(
        _ operation: UInt8, sender: (MACAddress, IPv4Address), target: (MACAddress, IPv4Address)
    ) -> [UInt8] {
        [0, 1, 8, 0, 6, 4, 0, operation] + sender.0.bytes + sender.1.bytes + target.0.bytes + target.1.bytes
    }

    static let broadcast = MACAddress(255, 255, 255, 255, 255, 255)
    static let nobody = MACAddress(0, 0, 0, 0, 0, 0)
}

extension TestSocket {
    /// What a call fails with; nil when it does not.
    static func failure(_ body: () throws(Errno) -> Void) -> Errno? {
        do throws(Errno) {
            try body()
            return nil
        } catch {
            return error
        }
    }
}
