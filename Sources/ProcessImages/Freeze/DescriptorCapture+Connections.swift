import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// The TCP sockets of the processes by where their ends are.
struct InnerConnections {
    private struct Ends: Hashable {
        let local, peer: [UInt8]

        init?(_ state: SocketState) {
            guard let local = Self.key(state.localAddress), let peer = state.peerAddress.flatMap(Self.key) else {
                return nil
            }
            self.init(local, peer)
        }

        init(_ local: [UInt8], _ peer: [UInt8]) {
            self.local = local
            self.peer = peer
        }

        private static func key(_ address: [UInt8]) -> [UInt8]? {
            let address = SocketAddress(address)
            return address.port.map { address.host + [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        }

        var turned: Ends { Ends(peer, local) }
    }

    private var states: [Ends: (number: CInt, state: SocketState)] = [:]

    init(_ opened: [OpenDescriptor]) throws(Errno) {
        // The first descriptor of a socket is the one that stands for it.
        for descriptor in opened where descriptor.link.hasPrefix("socket:") {
            let state = try SocketState(try descriptor.duplicate())
            if state.tcp != nil, let ends = Ends(state), states[ends] == nil {
                states[ends] = (descriptor.number, state)
            }
        }
    }

    /// The other end of a connection.
    func peer(of state: SocketState) -> (number: CInt, state: SocketState)? {
        Ends(state).flatMap { states[$0.turned] }
    }
}

/// Connections with both ends in the sandbox: a clone dials them anew.
extension DescriptorCapture {
    /// What a receiver that was just made takes.
    private static let mostUnread: CInt = 256 << 10

    /// False when the socket is no end of one.
    mutating func takeInnerConnection(
        _ descriptor: OpenDescriptor, _ state: SocketState, _ socket: borrowing OwnedDescriptor
    ) throws(Errno) -> Bool {
        guard let tcp = state.tcp, state.peerAddress != nil, state.isInside, !isRuntimeAPI(state) else { return false }
        if innerConnections == nil { innerConnections = try InnerConnections(opened) }
        guard let peer = innerConnections?.peer(of: state), let peerTCP = peer.state.tcp else { return false }
        let name = "is a connected TCP socket to \(SocketAddress(state.peerAddress ?? []))"
        let pairs: [(SocketState.TCP.State, SocketState.TCP.State)] = [
            (.established, .established), (.finWait2, .closeWait), (.closeWait, .finWait2),
        ]
        guard pairs.contains(where: { $0.0 == tcp.state && $0.1 == peerTCP.state }),
            [state, peer.state].allSatisfy({ $0.rawProtocol == CInt(IPPROTO_TCP) })
        else {
            refuse(descriptor, "\(name) that is being opened or closed", patience: .longer)
            return true
        }
        guard try socket.bytesUnderWay() == 0, state.unread <= Self.mostUnread else {
            refuse(descriptor, "\(name) with much under way", patience: .longer)
            return true
        }
        let unread = try socket.unreadBytes(Int(state.unread))
        guard unread.count == Int(state.unread) else {
            refuse(descriptor, "\(name) with urgent data", patience: .longer)
            return true
        }
        let local = table.blob(state.localAddress)
        let remote = table.blob(state.peerAddress ?? [])
        let content = unread.isEmpty ? 0 : table.blob(unread)
        add(descriptor, THAW_FD_CONNECTION) {
            $0.id = UInt64(UInt32(bitPattern: min(descriptor.number, peer.number)))
            $0.a = UInt64(state.rawFamily)
            $0.path = local
            $0.position = UInt64(state.localAddress.count)
            $0.b = remote
            $0.value = content
            $0.interval = UInt64(unread.count)
            $0.protocol = tcp.state == .finWait2 ? 1 : 0
        }
        return true
    }
}

extension OwnedDescriptor {
    /// TIOCOUTQ: what its peer has not acknowledged.
    fileprivate borrowing func bytesUnderWay() throws(Errno) -> CInt {
        try withRaw { raw throws(Errno) in
            var count: CInt = 0
            _ = try syscall { ioctl(raw, UInt(TIOCOUTQ), &count) }
            return count
        }
    }

    /// What waits to be read, left where it is.
    fileprivate borrowing func unreadBytes(_ count: Int) throws(Errno) -> [UInt8] {
        guard count > 0 else { return [] }
        return try withRaw { raw throws(Errno) in
            var bytes = [UInt8](repeating: 0, count: count)
            let flags = CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)
            let found = try syscall { recv(raw, &bytes, count, flags) }
            return Array(bytes.prefix(found))
        }
    }
}
