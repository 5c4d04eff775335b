import Glibc
import LinuxKit
import SystemPackage

/// A TCP server that tells everybody who connects its name and whom it saw, on a thread of its own until it is let go.
final class GreetingServer: Sendable {
    static let port: UInt16 = 80

    private let listener: SharedDescriptor

    /// Listens at every address of `namespace`. Blocks for a moment.
    init(_ name: String, in namespace: SharedDescriptor) throws(NetworkError) {
        let action = "start the server \(name)"
        listener = try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            do throws(Errno) { return try Self.listen() } catch { throw NetworkError(action, error) }
        }
        do {
            try PosixThread.start { [listener] in
                while Self.greetNext(of: listener, as: name) {}
            }
        } catch {
            throw NetworkError(action, error)
        }
    }

    deinit { _ = listener.withRaw { shutdown($0, CInt(SHUT_RDWR)) } }

    private static func listen() throws(Errno) -> SharedDescriptor {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let listener = try OwnedDescriptor { socket(AF_INET, type, 0) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        try listener.withRaw { raw throws(Errno) in
            try syscall {
                withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
            }
            try syscall { Glibc.listen(raw, 128) }
        }
        return listener.shared()
    }

    /// Waits for the next; false once nobody listens any more.
    private static func greetNext(of listener: SharedDescriptor, as name: String) -> Bool {
        do {
            guard let connection = try LoopbackSocket.accept(from: listener.descriptor) else { return true }
            var peer = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            connection.withRaw { raw in
                _ = withUnsafeMutablePointer(to: &peer) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(raw, $0, &size) }
                }
                let seen = IPv4Address(rawValue: UInt32(bigEndian: peer.sin_addr.s_addr))
                let greeting = Array("\(name) \(seen)".utf8)
                // Who has gone again is not told.
                _ = send(raw, greeting, greeting.count, CInt(MSG_NOSIGNAL))
            }
            return true
        } catch {
            return error == .connectionAbort
        }
    }
}
