import Glibc
import LinuxKit
import SystemPackage

/// A TCP address.
struct Endpoint: Sendable {
    var address: IPv4Address
    var port: UInt16
}

/// Blocking TCP sockets, of the network namespace of the thread that makes them.
enum BenchSocket {
    /// A path that loses packets must end a measurement, not hang it.
    private static let limit = timeval(tv_sec: 10, tv_usec: 0)

    static func listen(on port: UInt16) throws(NetworkError) -> SharedDescriptor {
        try attempt("listen on port \(port)") { () throws(Errno) in
            let listener = try stream()
            try set(listener, SOL_SOCKET, SO_REUSEADDR, CInt(1))
            try named(Endpoint(address: IPv4Address(rawValue: 0), port: port)) { address, length throws(Errno) in
                try listener.withRaw { raw throws(Errno) in _ = try syscall { bind(raw, address, length) } }
            }
            try listener.withRaw { raw throws(Errno) in _ = try syscall { Glibc.listen(raw, 4096) } }
            return listener.shared()
        }
    }

    static func accept(from listener: SharedDescriptor) throws(NetworkError) -> OwnedDescriptor {
        OwnedDescriptor(
            adopting: try attempt("accept a connection") { () throws(Errno) in
                let connection = try listener.withRaw { raw throws(Errno) in
                    try OwnedDescriptor { Glibc.accept(raw, nil, nil) }
                }
                try makeQuick(connection)
                return connection.relinquish()
            })
    }

    static func stream() throws(Errno) -> OwnedDescriptor {
        let socket = try OwnedDescriptor {
            Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        }
        try set(socket, SOL_SOCKET, SO_SNDTIMEO, limit)
        try set(socket, SOL_SOCKET, SO_RCVTIMEO, limit)
        return socket
    }

    /// connect(2), and how long it took, in microseconds.
    static func connect(
        _ socket: borrowing OwnedDescriptor, to endpoint: Endpoint
    ) throws(NetworkError) -> Double {
        do {
            return try socket.withRaw { raw throws(Errno) in
                try named(endpoint) { address, length throws(Errno) in
                    let start = MonotonicClock.now()
                    try syscall { Glibc.connect(raw, address, length) }
                    return Double(MonotonicClock.now() - start) / 1000
                }
            }
        } catch {
            throw NetworkError("connect to \(endpoint.address) port \(endpoint.port)", error)
        }
    }

    static func connected(to endpoint: Endpoint) throws(NetworkError) -> OwnedDescriptor {
        let socket = OwnedDescriptor(
            adopting: try attempt("make a socket") { () throws(Errno) in try stream().relinquish() })
        _ = try connect(socket, to: endpoint)
        try attempt("set TCP_NODELAY") { () throws(Errno) in try makeQuick(socket) }
        return socket
    }

    /// Closing it sends a reset: no end of it waits, and its port is free again.
    static func closeAbruptly(_ socket: consuming OwnedDescriptor) {
        try? set(socket, SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
    }

    static func makeQuick(_ socket: borrowing OwnedDescriptor) throws(Errno) {
        try set(socket, CInt(IPPROTO_TCP), TCP_NODELAY, CInt(1))
        try set(socket, SOL_SOCKET, SO_RCVTIMEO, limit)
    }

    private static func set<Value: BitwiseCopyable>(
        _ socket: borrowing OwnedDescriptor, _ level: CInt, _ option: CInt, _ value: Value
    ) throws(Errno) {
        var value = value
        try socket.withRaw { raw throws(Errno) in
            _ = try syscall { setsockopt(raw, level, option, &value, socklen_t(MemoryLayout<Value>.size)) }
        }
    }

    private static func named<R>(
        _ endpoint: Endpoint, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Errno) -> R
    ) throws(Errno) -> R {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = endpoint.port.bigEndian
        address.sin_addr.s_addr = endpoint.address.rawValue.bigEndian
        let outcome = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic -> Result<R, Errno> in
                Result { () throws(Errno) in try body(generic, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
        }
        return try outcome.get()
    }

    static func attempt<R: ~Copyable>(
        _ action: String, _ body: () throws(Errno) -> R
    ) throws(NetworkError) -> R {
        do { return try body() } catch { throw NetworkError(action, error) }
    }
}
