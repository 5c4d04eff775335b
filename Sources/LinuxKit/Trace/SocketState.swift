internal import CLinux
import Glibc
package import SystemPackage

/// What a socket is and in which state, asked through a descriptor of it.
package struct SocketState: Sendable {
    package enum Family: Sendable, Equatable {
        case unix, internet4, internet6
        case other(CInt)
    }
    package enum Kind: Sendable, Equatable {
        case stream, datagram, sequenced
        case other(CInt)
    }
    package struct TCP: Sendable {
        /// Of TCP's states in the kernel's numbering, those that matter here.
        package enum State: UInt32, Sendable {
            case established = 1, connecting, finWait1 = 4, finWait2, closed = 7, closeWait, lastAck, listening, closing
        }
        /// Nil for a state that is none of these: half open.
        package let state: State?
        /// Of a listener: connections that nobody has accepted, and how many may wait.
        package let waiting: UInt32
        package let backlog: UInt32
        /// Whether anything ever came in.
        package let hasReceived: Bool
    }

    package let family: Family
    package let kind: Kind
    /// SO_DOMAIN, SO_TYPE and SO_PROTOCOL as socket(2) takes them.
    package let rawFamily: CInt
    package let rawKind: CInt
    package let rawProtocol: CInt
    package let isListening: Bool
    /// As getsockname(2) gives it.
    package let localAddress: [UInt8]
    /// As getpeername(2) gives it; nil when the socket is not connected.
    package let peerAddress: [UInt8]?
    package let unread: CInt
    package let tcp: TCP?

    /// Whether the other end of a connection is, or was, in the same network namespace.
    package var isInside: Bool {
        guard let peer = peerAddress.map(SocketAddress.init) else { return SocketAddress(localAddress).isLoopback }
        return peer.isLoopback || peer.host == SocketAddress(localAddress).host
    }

    package init(_ socket: borrowing OwnedDescriptor) throws(Errno) {
        self = try socket.withRaw { raw throws(Errno) in try SocketState(raw: raw) }
    }

    private init(raw: CInt) throws(Errno) {
        rawFamily = try Self.option(raw, SOL_SOCKET, clinux_SO_DOMAIN)
        rawKind = try Self.option(raw, SOL_SOCKET, SO_TYPE)
        rawProtocol = try Self.option(raw, SOL_SOCKET, clinux_SO_PROTOCOL)
        let isTCP = rawKind == CInt(SOCK_STREAM.rawValue) && (rawFamily == AF_INET || rawFamily == AF_INET6)
        family =
            switch rawFamily {
            case AF_UNIX: .unix
            case AF_INET: .internet4
            case AF_INET6: .internet6
            default: .other(rawFamily)
            }
        kind =
            switch rawKind {
            case CInt(SOCK_STREAM.rawValue): .stream
            case CInt(SOCK_DGRAM.rawValue): .datagram
            case CInt(SOCK_SEQPACKET.rawValue): .sequenced
            default: .other(rawKind)
            }
        isListening = try Self.option(raw, SOL_SOCKET, SO_ACCEPTCONN) != 0
        localAddress = try Self.address { getsockname(raw, $0, $1) }
        do {
            peerAddress = try Self.address { getpeername(raw, $0, $1) }
        } catch {
            peerAddress = nil
        }
        var unread: CInt = 0
        _ = isListening ? 0 : clinux_unread_bytes(raw, &unread)
        self.unread = unread
        tcp = isTCP ? try Self.tcp(raw) : nil
    }

    private static func tcp(_ raw: CInt) throws(Errno) -> TCP {
        var state = clinux_tcp_state()
        try shim { clinux_tcp_state(raw, &state) }
        return TCP(
            state: TCP.State(rawValue: state.state), waiting: state.waiting, backlog: state.backlog,
            hasReceived: state.segments_received > 0)
    }

    private static func option(_ raw: CInt, _ level: CInt, _ name: CInt) throws(Errno) -> CInt {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        try syscall { getsockopt(raw, level, name, &value, &length) }
        return value
    }

    private static func address(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) throws(Errno) -> [UInt8] {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        try syscall {
            withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &length) }
            }
        }
        return withUnsafeBytes(of: storage) { Array($0.prefix(Int(length))) }
    }
}

/// An address as the kernel keeps it: `struct sockaddr` of the family it names.
package struct SocketAddress: Sendable, Equatable, CustomStringConvertible {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    private var family: UInt16 { bytes.count < 2 ? 0 : UInt16(bytes[0]) | UInt16(bytes[1]) << 8 }

    /// Of TCP and UDP; nil for other addresses.
    package var port: UInt16? {
        guard family == UInt16(AF_INET) || family == UInt16(AF_INET6), bytes.count >= 8 else { return nil }
        return UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }

    /// Of TCP and UDP: the address alone, one of version 4 without what version 6 puts before it. Empty for other addresses.
    package var host: ArraySlice<UInt8> {
        guard port != nil else { return [] }
        if family == UInt16(AF_INET) { return bytes[4..<8] }
        guard bytes.count >= 24 else { return [] }
        let isMapped = bytes[8..<20].elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
        return isMapped ? bytes[20..<24] : bytes[8..<24]
    }

    package var isLoopback: Bool {
        host.count == 4 ? host.first == 127 : host.elementsEqual([UInt8](repeating: 0, count: 15) + [1])
    }

    /// "10.0.0.5:5432", "[::1]:80", "/tmp/socket", "@abstract".
    package var description: String {
        switch (CInt(family), port) {
        case (AF_INET, let port?):
            return bytes[4..<8].map(String.init).joined(separator: ".") + ":\(port)"
        case (AF_INET6, let port?) where bytes.count >= 24:
            return "[\(Self.text(of: Array(bytes[8..<24])))]:\(port)"
        case (AF_UNIX, _) where bytes.count > 2:
            let isAbstract = bytes[2] == 0
            let name = isAbstract ? bytes.dropFirst(3) : bytes.dropFirst(2).prefix { $0 != 0 }
            return (isAbstract ? "@" : "") + String(decoding: name, as: UTF8.self)
        default:
            return "an unnamed address"
        }
    }

    private static func text(of address: [UInt8]) -> String {
        var text = [UInt8](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let known = text.withUnsafeMutableBytes { buffer in
            buffer.withMemoryRebound(to: CChar.self) {
                inet_ntop(AF_INET6, address, $0.baseAddress, socklen_t($0.count)) != nil
            }
        }
        return known ? String(decoding: text.prefix { $0 != 0 }, as: UTF8.self) : "?"
    }
}
