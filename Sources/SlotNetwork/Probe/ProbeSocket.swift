internal import Basics
import Glibc
internal import LinuxKit
internal import SystemPackage

/// A UDP socket in one of the namespaces of a probe.
struct ProbeSocket {
    /// RFC 862's port.
    static let echo: UInt16 = 7
    static let text = Array("thaw".utf8)
    /// Packets between namespaces are there at once, or never; a busy or emulated host may be slow to say so.
    static let patience = Duration.seconds(5)

    private let socket: SharedDescriptor

    /// Receives whatever comes to a port of the namespace.
    init(in namespace: SharedDescriptor, port: UInt16) throws(NetworkError) {
        socket = try Self.make(in: namespace) { raw throws(Errno) in
            try Self.withAddress(IPv4Address(rawValue: 0), port) { Glibc.bind(raw, $0, $1) }
        }
    }

    /// Talks with a server's echo port.
    init(in namespace: SharedDescriptor, connectedTo server: IPv4Address) throws(Errno) {
        socket = try rethrowing(
            try Self.make(in: namespace) { raw throws(Errno) in
                try Self.withAddress(server, Self.echo) { Glibc.connect(raw, $0, $1) }
            }
        ) { (error: NetworkError) in error.errno }
    }

    private static func make(
        in namespace: SharedDescriptor, _ setUp: (CInt) throws(Errno) -> Void
    ) throws(NetworkError) -> SharedDescriptor {
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            do throws(Errno) {
                let type = CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
                let made = try OwnedDescriptor { Glibc.socket(AF_INET, type, 0) }
                try made.withRaw(setUp)
                return made.shared()
            } catch {
                throw NetworkError("open a socket in a network namespace", error)
            }
        }
    }

    func send(_ bytes: [UInt8]) throws(Errno) {
        try socket.withRaw { raw throws(Errno) in _ = try syscall { Glibc.send(raw, bytes, bytes.count, 0) } }
    }

    func send(_ bytes: [UInt8], to address: IPv4Address, port: UInt16) throws(Errno) {
        try socket.withRaw { raw throws(Errno) in
            try Self.withAddress(address, port) { sendto(raw, bytes, bytes.count, 0, $0, $1) }
        }
    }

    func receive() throws(Errno) -> [UInt8] {
        guard try socket.descriptor.wait(for: .readable, atMost: Self.patience) else { throw .timedOut }
        return try socket.descriptor.read(upTo: 2048)
    }

    func receiveFrom() throws(Errno) -> (bytes: [UInt8], from: IPv4Address) {
        let (bytes, peer) = try receiveWithPeer()
        return (bytes, IPv4Address(rawValue: UInt32(bigEndian: peer.sin_addr.s_addr)))
    }

    /// Sends the next packet back, which must come from that address.
    func answer(from expected: IPv4Address) throws(Errno) {
        let (bytes, peer) = try receiveWithPeer()
        let address = IPv4Address(rawValue: UInt32(bigEndian: peer.sin_addr.s_addr))
        guard bytes == Self.text, address == expected else { throw .badMessage }
        try send(bytes, to: address, port: UInt16(bigEndian: peer.sin_port))
    }

    private func receiveWithPeer() throws(Errno) -> ([UInt8], sockaddr_in) {
        guard try socket.descriptor.wait(for: .readable, atMost: Self.patience) else { throw .timedOut }
        var peer = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        var buffer = [UInt8](repeating: 0, count: 2048)
        let count = try socket.withRaw { raw throws(Errno) in
            try syscall {
                withUnsafeMutablePointer(to: &peer) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        recvfrom(raw, &buffer, buffer.count, 0, $0, &size)
                    }
                }
            }
        }
        return (Array(buffer.prefix(count)), peer)
    }

    private static func withAddress<R: FixedWidthInteger>(
        _ address: IPv4Address, _ port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> R
    ) throws(Errno) {
        var internet = sockaddr_in()
        internet.sin_family = sa_family_t(AF_INET)
        internet.sin_port = port.bigEndian
        internet.sin_addr.s_addr = address.rawValue.bigEndian
        try syscall {
            withUnsafePointer(to: &internet) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }
}

/// Ethernet frames of a probe: UDP, without the checksum that it need not have over IPv4.
enum ProbeFrame {
    private static let ethernetBytes = 14
    private static let ipBytes = 20
    private static let udpBytes = 8
    private static let tunnelBytes = 8
    private static let port: UInt16 = 4000

    /// What a virtual machine in a slot sends to a server's echo port.
    static func question(to server: IPv4Address) -> [UInt8] {
        let text = ProbeSocket.text
        let udp =
            big(port) + big(ProbeSocket.echo) + big(UInt16(udpBytes + text.count)) + big(UInt16(0)) + text
        var ip: [UInt8] = [0x45, 0] + big(UInt16(ipBytes + udp.count)) + [0, 1, 0, 0, 64, UInt8(IPPROTO_UDP), 0, 0]
        ip += SlotAddresses.guest.bytes + server.bytes
        ip.replaceSubrange(10..<12, with: big(checksum(ip)))
        return SlotAddresses.gatewayStation.bytes + SlotAddresses.machine.bytes + big(UInt16(0x0800)) + ip + udp
    }

    /// Reads what comes out of a tap until it is the answer.
    static func awaitAnswer(at tap: SharedDescriptor) throws(Errno) {
        let deadline = ContinuousClock.now + ProbeSocket.patience
        while true {
            guard try tap.descriptor.wait(for: .readable, atMost: deadline - ContinuousClock.now) else {
                throw .timedOut
            }
            let frame = try tap.descriptor.read(upTo: 2048)
            // A bridge may say something of its own.
            if frame.starts(with: SlotAddresses.machine.bytes),
                frame.suffix(ProbeSocket.text.count) == ProbeSocket.text[...]
            {
                return
            }
        }
    }

    /// The answer to what came out of a tunnel (RFC 7348): everything in it the other way round, which the IP header's checksum does
    /// not notice. That of UDP its sender leaves to a device, which there is none here.
    static func turned(_ packet: [UInt8], in network: UInt32) throws(Errno) -> [UInt8] {
        var packet = packet
        let frame = tunnelBytes
        let (ip, udp) = (frame + ethernetBytes, frame + ethernetBytes + ipBytes)
        guard packet.count == udp + udpBytes + ProbeSocket.text.count,
            packet[4..<7] == big(network << 8)[..<3], packet.suffix(ProbeSocket.text.count) == ProbeSocket.text[...]
        else { throw .badMessage }
        for (first, second, count) in [(frame, frame + 6, 6), (ip + 12, ip + 16, 4), (udp, udp + 2, 2)] {
            for offset in 0..<count { packet.swapAt(first + offset, second + offset) }
        }
        packet.replaceSubrange((udp + 6)..<(udp + 8), with: [0, 0])
        return packet
    }

    private static func big(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian, Array.init)
    }

    /// RFC 1071's.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
        }
        while sum >> 16 != 0 { sum = (sum & 0xffff) + (sum >> 16) }
        return ~UInt16(sum)
    }
}
