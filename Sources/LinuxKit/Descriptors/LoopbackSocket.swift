internal import CLinux
import Glibc
package import SystemPackage

/// TCP over the loopback device, in whatever network namespace the calling thread is.
package enum LoopbackSocket {
    /// Every address of the host, and the one that connections go to.
    private static let every: UInt32 = 0
    private static let first: UInt32 = 0x7F00_0001

    /// Listens at every address of the loopback device, and nowhere else; nonblocking. Port 0 lets the kernel choose: ask
    /// ``port(of:)``.
    package static func listen(port: UInt16, backlog: CInt = 128) throws(Errno) -> OwnedDescriptor {
        let listener = try stream(nonblocking: true)
        try setOption(listener, SOL_SOCKET, SO_REUSEADDR, 1)
        try bindToLoopback(listener)
        try withAddress(every, port: port) { address, length throws(Errno) in
            try listener.withRaw { raw throws(Errno) in _ = try syscall { bind(raw, address, length) } }
        }
        try listener.withRaw { raw throws(Errno) in _ = try syscall { Glibc.listen(raw, backlog) } }
        return listener
    }

    /// The next connection, nonblocking and without Nagle's delay; nil when none waits.
    package static func accept(from listener: borrowing OwnedDescriptor) throws(Errno) -> OwnedDescriptor? {
        let raw: CInt
        do {
            raw = try listener.withRaw { listener throws(Errno) in try shim { clinux_accept(listener, 1) } }
        } catch .resourceTemporarilyUnavailable {
            return nil
        }
        let connection = OwnedDescriptor(adopting: raw)
        try setOption(connection, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
        return connection
    }

    /// Connects and waits for it; the connection blocks on reads and writes.
    package static func connect(port: UInt16) throws(Errno) -> OwnedDescriptor {
        let connection = try stream(nonblocking: false)
        try withAddress(first, port: port) { address, length throws(Errno) in
            try connection.withRaw { raw throws(Errno) in _ = try syscall { Glibc.connect(raw, address, length) } }
        }
        try setOption(connection, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
        return connection
    }

    package static func port(of socket: borrowing OwnedDescriptor) throws(Errno) -> UInt16 {
        try port(of: socket) { getsockname($0, $1, $2) }
    }

    /// The port at the other end of a connection.
    package static func peerPort(of socket: borrowing OwnedDescriptor) throws(Errno) -> UInt16 {
        try port(of: socket) { getpeername($0, $1, $2) }
    }

    private static func port(
        of socket: borrowing OwnedDescriptor,
        _ ask: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) throws(Errno) -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try socket.withRaw { raw throws(Errno) in
            _ = try syscall {
                withUnsafeMutablePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask(raw, $0, &length) }
                }
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// SO_BINDTODEVICE of socket(7): what comes by another device is not for this socket.
    private static func bindToLoopback(_ socket: borrowing OwnedDescriptor) throws(Errno) {
        try socket.withRaw { raw throws(Errno) in
            _ = try syscall { setsockopt(raw, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2) }
        }
    }

    private static func stream(nonblocking: Bool) throws(Errno) -> OwnedDescriptor {
        OwnedDescriptor(
            adopting: try shim { clinux_socket(AF_INET, OwnedDescriptor.streamType, 0, nonblocking ? 1 : 0) })
    }

    private static func setOption(
        _ socket: borrowing OwnedDescriptor, _ level: CInt, _ option: CInt, _ value: CInt
    ) throws(Errno) {
        var value = value
        try socket.withRaw { raw throws(Errno) in
            _ = try syscall { setsockopt(raw, level, option, &value, socklen_t(MemoryLayout<CInt>.size)) }
        }
    }

    private static func withAddress(
        _ host: UInt32, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Errno) -> Void
    ) throws(Errno) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        let outcome = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic -> Result<Void, Errno> in
                Result { () throws(Errno) in try body(generic, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
        }
        try outcome.get()
    }
}
