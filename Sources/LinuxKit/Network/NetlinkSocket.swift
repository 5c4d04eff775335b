internal import CLinux
import Glibc
package import SystemPackage

/// netlink(7) to the network namespace of the thread that made it.
package final class NetlinkSocket: NetlinkTransport {
    private let socket: OwnedDescriptor

    /// Whom a socket speaks with.
    package enum Family: Sendable {
        case routes, socketDiagnostics, netfilter

        fileprivate var number: CInt {
            switch self {
            case .routes: NETLINK_ROUTE
            case .socketDiagnostics: NETLINK_SOCK_DIAG
            case .netfilter: NETLINK_NETFILTER
            }
        }
    }

    /// How long a change may wait for the kernel: for as long as it takes apart what somebody else let go of, it changes
    /// nothing else.
    private static let patience = timeval(tv_sec: 120, tv_usec: 0)

    /// What a socket hears of unasked: RTMGRP_… of rtnetlink(7).
    package struct Groups: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Interfaces that come, change and go.
        package static let links = Groups(rawValue: UInt32(RTMGRP_LINK))
    }

    /// Asks for the kernel's error texts (NETLINK_EXT_ACK), and gives up on a silent kernel after two minutes.
    package init(_ family: Family = .routes, hearing groups: Groups = []) throws(NetworkError) {
        do {
            let raw = try shim { clinux_socket(AF_NETLINK, CInt(SOCK_RAW.rawValue), family.number, 0) }
            let socket = OwnedDescriptor(adopting: raw)
            try Self.set(raw, SOL_NETLINK, NETLINK_EXT_ACK, CInt(1))
            try Self.set(raw, SOL_NETLINK, NETLINK_CAP_ACK, CInt(1))
            try Self.set(raw, SOL_SOCKET, SO_RCVTIMEO, Self.patience)
            // Port 0: the kernel chooses, so that any number of sockets may exist in one process.
            var address = sockaddr_nl()
            address.nl_family = UInt16(AF_NETLINK)
            address.nl_groups = groups.rawValue
            try syscall {
                withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(raw, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
                    }
                }
            }
            self.socket = socket
        } catch {
            throw NetworkError("open a netlink socket", error)
        }
    }

    private static func set<Value: BitwiseCopyable>(
        _ raw: CInt, _ level: CInt, _ option: CInt, _ value: Value
    ) throws(Errno) {
        var value = value
        try syscall { setsockopt(raw, level, option, &value, socklen_t(MemoryLayout<Value>.size)) }
    }

    package func send(_ datagram: [UInt8]) throws(Errno) {
        try socket.withRaw { raw throws(Errno) in _ = try syscall { Glibc.send(raw, datagram, datagram.count, 0) } }
    }

    package func receive() throws(Errno) -> [UInt8] {
        // 32 KiB: the most the kernel puts in one datagram (NLMSG_GOODSIZE is less).
        try socket.read(upTo: 32_768)
    }
}
