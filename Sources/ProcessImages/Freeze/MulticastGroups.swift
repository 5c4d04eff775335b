import Glibc
import LinuxKit

/// The multicast groups that somebody in a process's network namespace is in. Which socket is, the kernel tells when it is asked for
/// that very group.
struct MulticastGroups {
    private struct Group {
        let name: String
        let level: CInt
        let interface: UInt32
        /// struct sockaddr_in or sockaddr_in6.
        let address: [UInt8]
    }

    private var groups: [Group] = []

    init(of pid: CInt) {
        if let text = try? ProcText(of: "/proc/\(pid)/net/igmp") { groups += Self.version4(text) }
        if let text = try? ProcText(of: "/proc/\(pid)/net/igmp6") { groups += Self.version6(text) }
    }

    func group(of socket: borrowing OwnedDescriptor) -> String? {
        for group in groups
        where SocketOptions.isMember(socket, of: group.address, on: group.interface, level: group.level) {
            return group.name
        }
        return nil
    }

    /// "2\teth0      :     2      V3", then, for each group of the interface, "\t\t\t\tFB0000E0     1 0:00000000\t\t0".
    private static func version4(_ text: ProcText) -> [Group] {
        var found: [Group] = []
        var interface: UInt32 = 0
        text.forEachLine { line in
            let words = Self.words(line)
            guard let first = words.first else { return }
            if line.first != UInt8(ascii: "\t") {
                interface = UInt32(first) ?? 0
            } else if let number = UInt32(first, radix: 16) {
                let bytes = withUnsafeBytes(of: number, Array.init)
                found.append(
                    Group(
                        name: bytes.map { String($0) }.joined(separator: "."), level: CInt(IPPROTO_IP),
                        interface: interface, address: [UInt8(AF_INET), 0, 0, 0] + bytes))
            }
        }
        return found
    }

    /// "2    eth0            ff0200000000000000000000000000fb     1 00000004 0"
    private static func version6(_ text: ProcText) -> [Group] {
        var found: [Group] = []
        text.forEachLine { line in
            let words = Self.words(line)
            guard words.count > 2, let interface = UInt32(words[0]), words[2].count == 32 else { return }
            let digits = Array(words[2])
            let bytes = stride(from: 0, to: 32, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
            guard bytes.count == 16 else { return }
            // Family, port, flow.
            let address = [UInt8(AF_INET6), 0, 0, 0, 0, 0, 0, 0] + bytes
            found.append(
                Group(name: words[2], level: CInt(IPPROTO_IPV6), interface: interface, address: address))
        }
        return found
    }

    private static func words(_ line: UnsafeBufferPointer<UInt8>) -> [String] {
        var scanner = LineScanner(line)
        var words: [String] = []
        while true {
            let word = scanner.word()
            if word.isEmpty { return words }
            words.append(String(decoding: word, as: UTF8.self))
        }
    }
}
