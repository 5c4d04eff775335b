internal import CLinux
import Glibc
package import SystemPackage

/// The options of a socket: everything that getsockopt(2) tells of it.
package struct SocketOptions: Sendable, Equatable {
    /// One option, by its level (SOL_SOCKET, IPPROTO_TCP …) and its number there.
    package struct Name: Sendable, Hashable {
        package let level: CInt
        package let number: CInt

        package init(_ level: CInt, _ number: CInt) {
            self.level = level
            self.number = number
        }
    }

    /// As setsockopt(2) takes most of them. Options that the socket does not have are missing.
    package let values: [Name: [UInt8]]

    /// The largest value of any option: a filter of 4096 instructions.
    package static let largestValue = 4096 * filterInstruction
    /// struct sock_filter.
    package static let filterInstruction = 8
    package static let filter = Name(SOL_SOCKET, SO_ATTACH_FILTER)

    /// Asks for every number that is an option of some kernel or could become one.
    ///
    /// - Parameter passingOver: those for which asking has an effect, or whose answer says nothing.
    package init(of socket: borrowing OwnedDescriptor, passingOver: Set<Name>) throws(Errno) {
        var values: [Name: [UInt8]] = [:]
        try socket.withRaw { raw throws(Errno) in
            for (level, numbers) in Self.numbers {
                for number in numbers where !passingOver.contains(Name(level, number)) {
                    let name = Name(level, number)
                    values[name] = name == Self.filter ? try Self.filter(raw) : Self.value(raw, name)
                }
            }
        }
        self.values = values
    }

    /// What a new socket has, made in the calling thread's network namespace.
    package static func ofNew(
        like state: SocketState, passingOver: Set<Name>
    ) throws(Errno) -> SocketOptions {
        let socket = OwnedDescriptor(
            adopting: try shim { clinux_socket(state.rawFamily, state.rawKind, state.rawProtocol, 0) })
        // Some are settled then.
        if state.isListening, state.rawFamily != AF_UNIX {
            try socket.withRaw { raw throws(Errno) in _ = try syscall { listen(raw, 1) } }
        }
        return try SocketOptions(of: socket, passingOver: passingOver)
    }

    /// Without those of netfilter, which has numbers from 64 on at the levels of IP.
    private static let numbers: [(CInt, [CInt])] = [
        (SOL_SOCKET, Array(1..<128)), (CInt(IPPROTO_IP), Array(1..<64)),
        (CInt(IPPROTO_IPV6), Array(1..<64) + [66, 67] + Array(70..<80)), (CInt(IPPROTO_TCP), Array(1..<96)),
        (CInt(IPPROTO_UDP), [1] + Array(100..<112)),
    ]

    private static func value(_ raw: CInt, _ name: Name) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 256)
        var length = socklen_t(bytes.count)
        guard getsockopt(raw, name.level, name.number, &bytes, &length) == 0 else { return nil }
        return Array(bytes.prefix(Int(length)))
    }

    /// SO_GET_FILTER counts in instructions. Nil without one; `.permissionDenied` for one that the kernel does not show.
    private static func filter(_ raw: CInt) throws(Errno) -> [UInt8]? {
        var count: socklen_t = 0
        do {
            try syscall { getsockopt(raw, SOL_SOCKET, SO_ATTACH_FILTER, nil, &count) }
        } catch .protocolNotAvailable {
            return nil
        }
        guard count > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(count) * filterInstruction)
        try syscall { getsockopt(raw, SOL_SOCKET, SO_ATTACH_FILTER, &bytes, &count) }
        return Array(bytes.prefix(Int(count) * filterInstruction))
    }

    /// Whether the socket is a member of a multicast group on the interface; the group as a `struct sockaddr`.
    package static func isMember(
        _ socket: borrowing OwnedDescriptor, of group: [UInt8], on interface: UInt32, level: CInt
    ) -> Bool {
        // struct group_filter: interface, group, mode, number of sources, sources.
        var filter = [UInt8](repeating: 0, count: 8 + 128 + 8 + 128)
        let index = withUnsafeBytes(of: interface, Array.init)
        filter.replaceSubrange(0..<index.count, with: index)
        filter.replaceSubrange(8..<8 + min(group.count, 128), with: group.prefix(128))
        var length = socklen_t(filter.count)
        let multicastFilter: CInt = 48  // MCAST_MSFILTER
        return socket.withRaw { getsockopt($0, level, multicastFilter, &filter, &length) == 0 }
    }
}
