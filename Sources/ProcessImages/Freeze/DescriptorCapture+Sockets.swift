import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

extension DescriptorCapture {
    mutating func takeSocket(_ descriptor: OpenDescriptor) throws(Errno) {
        let socket = try descriptor.duplicate()
        let state = try SocketState(socket)
        let count = entries.count
        switch (state.family, state.kind) {
        case (.unix, _): try takeUnix(descriptor, state)
        case (.internet4, .stream), (.internet6, .stream):
            if try !takeInnerConnection(descriptor, state, socket) { takeTCP(descriptor, state) }
        case (.internet4, .datagram), (.internet6, .datagram): try takeUDP(descriptor, state, socket)
        case (.other(AF_NETLINK), _): refuse(descriptor, "is a netlink socket")
        default: refuse(descriptor, "is a socket of family \(state.rawFamily) and type \(state.rawKind)")
        }
        if entries.count > count { try takeOptions(of: descriptor, state, socket) }
    }

    // MARK: - TCP

    /// TCP and MPTCP, which is TCP to a peer that does not know it.
    static let streamProtocols = [CInt(IPPROTO_TCP), 262]

    private mutating func takeTCP(_ descriptor: OpenDescriptor, _ state: SocketState) {
        guard let tcp = state.tcp, Self.streamProtocols.contains(state.rawProtocol) else {
            return refuse(descriptor, "is a stream socket other than TCP")
        }
        switch tcp.state {
        case .listening:
            if tcp.waiting > 0 {
                return refuse(
                    descriptor, "listens and has \(tcp.waiting) connections that nobody accepted",
                    "accept or close them before the snapshot", patience: .moment)
            }
            addListener(descriptor, state, backlog: tcp.backlog)
        case .established where isRuntimeAPI(state):
            if state.unread > 0 {
                return refuse(
                    descriptor, "is the Runtime API with an unread answer", "read it before the snapshot",
                    patience: .moment)
            }
            foundRuntimeAPI = true
            add(descriptor, THAW_FD_GIVEN_RUNTIME_API)
        case .closed where !tcp.hasReceived:
            refuse(descriptor, "is a TCP socket that is not connected", patience: .longer)
        case .closeWait, .lastAck, .closing, .closed:
            if state.unread == 0 { return add(descriptor, THAW_FD_ENDED) { $0.a = UInt64(SOCK_STREAM.rawValue) } }
            takeConnection(descriptor, state, "a TCP socket", " with \(state.unread) unread bytes")
        case .connecting, nil: refuse(descriptor, "is a TCP socket that is being connected", patience: .longer)
        case .established, .finWait1, .finWait2: takeConnection(descriptor, state, "a connected TCP socket")
        }
    }

    /// One whose other end still is, or may be, there.
    private mutating func takeConnection(
        _ descriptor: OpenDescriptor, _ state: SocketState, _ what: String, _ more: String = ""
    ) {
        let peer = state.peerAddress.map { " to \(SocketAddress($0))" } ?? ""
        guard target.connections == .reset, !state.isInside, state.rawProtocol == IPPROTO_TCP else {
            return refuse(descriptor, "is \(what)\(peer)\(more)", patience: .longer)
        }
        if target.isPatient, state.unread > 0 {
            return refuse(descriptor, "is \(what)\(peer)\(more)", patience: .longer)
        }
        remarks.append(
            "\(descriptor.title) is \(what)\(peer)\(more), which every clone finds reset by its peer")
        add(descriptor, THAW_FD_RESET) { $0.a = UInt64(state.rawFamily) }
    }

    func isRuntimeAPI(_ state: SocketState) -> Bool {
        guard let port = target.runtimeAPIPort else { return false }
        return SocketAddress(state.localAddress).port == port
    }

    private mutating func addListener(_ descriptor: OpenDescriptor, _ state: SocketState, backlog: UInt32) {
        let place = table.blob(state.localAddress)
        add(descriptor, THAW_FD_LISTENER) {
            $0.a = UInt64(state.rawFamily)
            $0.b = UInt64(backlog)
            $0.protocol = UInt32(state.rawProtocol)
            $0.path = place
            $0.position = UInt64(state.localAddress.count)
        }
    }

    // MARK: - UDP

    private mutating func takeUDP(
        _ descriptor: OpenDescriptor, _ state: SocketState, _ socket: borrowing OwnedDescriptor
    ) throws(Errno) {
        guard state.rawProtocol == IPPROTO_UDP else {
            return refuse(descriptor, "is a datagram socket of protocol \(state.rawProtocol)")
        }
        if let group = multicast.group(of: socket) { refuse(descriptor, "is in the multicast group \(group)") }
        // Not by the bytes that wait: a datagram may have none.
        if try socket.wait(for: .readable, atMost: .zero) {
            return refuse(descriptor, "is a UDP socket with unread datagrams", patience: .moment)
        }
        let isBound = SocketAddress(state.localAddress).port ?? 0 != 0
        let peer = state.peerAddress.map { table.blob($0) } ?? 0
        let place = isBound ? table.blob(state.localAddress) : 0
        add(descriptor, THAW_FD_DATAGRAM) {
            $0.a = UInt64(state.rawFamily)
            $0.protocol = UInt32(state.rawProtocol)
            $0.path = place
            $0.position = isBound ? UInt64(state.localAddress.count) : 0
            $0.id = peer
            $0.b = UInt64(state.peerAddress?.count ?? 0)
        }
    }

    // MARK: - Unix

    private mutating func takeUnix(_ descriptor: OpenDescriptor, _ state: SocketState) throws(Errno) {
        let address = SocketAddress(state.localAddress)
        guard let record = try unixRecord(of: descriptor) else {
            return refuse(descriptor, "is a Unix socket of another network namespace")
        }
        if state.isListening {
            if record.unread > 0 {
                return refuse(
                    descriptor, "listens on \(address) and has connections that nobody accepted",
                    "accept or close them before the snapshot", patience: .moment)
            }
            guard state.kind == .stream else {
                return refuse(descriptor, "listens on \(address) for packets")
            }
            return addListener(descriptor, state, backlog: record.capacity)
        }
        if record.unread > 0 || state.unread > 0 {
            return refuse(descriptor, "is a Unix socket with \(max(record.unread, 1)) unread bytes", patience: .moment)
        }
        guard record.shutdown == 0 || record.peer == nil else {
            return refuse(descriptor, "is a Unix socket that is shut down in one direction")
        }
        if state.peerAddress == nil, record.peer == nil, record.shutdown == 0 {
            return refuse(descriptor, "is a Unix socket that is not connected")
        }
        if let peer = record.peer, !hasSocket(peer) {
            return refuse(descriptor, "is a Unix socket connected to another process")
        }
        // The two ends of one pair have the smaller of their inode numbers in common.
        let identity = UInt64(min(record.inode, record.peer ?? record.inode))
        add(descriptor, THAW_FD_PAIR) {
            $0.id = identity
            $0.a = UInt64(state.rawKind)
        }
    }

    private mutating func unixRecord(of descriptor: OpenDescriptor) throws(Errno) -> UnixSocketRecord? {
        guard let inode = descriptor.inode.flatMap({ UInt32(exactly: $0) }) else { return nil }
        if unixSockets == nil {
            unixSockets = try inNamespace("list Unix sockets") { () throws(Errno) in try UnixSockets.all() }
        }
        return unixSockets?[inode]
    }

    /// Does something in the network namespace of the process.
    func inNamespace<R>(_ action: String, _ body: () throws(Errno) -> R) throws(Errno) -> R {
        do throws(NetworkError) {
            return try NetworkNamespace.run(in: target.namespace) { () throws(NetworkError) in
                do throws(Errno) { return try body() } catch { throw NetworkError(action, error) }
            }
        } catch {
            throw error.errno
        }
    }

    /// Whether a process has the socket, and not only a message on its way.
    private func hasSocket(_ inode: UInt32) -> Bool { opened.contains { $0.link == "socket:[\(inode)]" } }
}
