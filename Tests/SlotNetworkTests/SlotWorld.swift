import Glibc
import LinuxKit
import Logging
import SlotNetwork
import SystemPackage
import TestSupport

/// A host in a network namespace of its own, with a pool of slots, and servers it can reach: nothing of it is in the real host's
/// network.
struct SlotWorld: Sendable {
    let host: SharedDescriptor
    let directory: FilePath
    let instance: String

    /// The host's address towards the servers.
    static let hostAddress = IPv4Address(198, 51, 100, 1)
    static let serverAddress = IPv4Address(198, 51, 100, 2)

    static func with<R>(_ body: (SlotWorld) async throws -> R) async throws -> R {
        try await withScratchDirectory { directory in
            let world = SlotWorld(
                host: try makeHostNamespace(), directory: directory.appending("slots"),
                instance: String(UInt32.random(in: .min ... .max), radix: 36))
            do {
                let result = try await body(world)
                try? NamespaceKeep.remove(in: world.directory)
                return result
            } catch {
                try? NamespaceKeep.remove(in: world.directory)
                throw error
            }
        }
    }

    /// The ways of attaching programs that this kernel has.
    static let attachments: [ProgramAttachment] = ProgramAttachment.allCases.filter { attachment in
        var configuration = SlotConfiguration(count: 1, instance: "probe", directory: "")
        configuration.attachment = attachment
        // By clsact it must work everywhere: the tests say what does not.
        return attachment == .clsact || (try? SlotProbe.run(configuration)) != nil
    }

    func configuration(
        _ count: Int, _ layout: SlotLayout = .direct, _ attachment: ProgramAttachment? = nil
    ) -> SlotConfiguration {
        var configuration = SlotConfiguration(count: count, instance: instance, directory: directory)
        (configuration.layout, configuration.attachment) = (layout, attachment)
        configuration.egress = .routed
        return configuration
    }

    func open(_ configuration: SlotConfiguration) async throws -> SlotPool {
        var logger = Logger(label: "test")
        logger.logLevel = .error
        return try await SlotPool.open(configuration, host: host, logger: logger)
    }

    /// Runs `body` with a pool, and ends that on every path out.
    func withPool<R>(_ configuration: SlotConfiguration, _ body: (SlotPool) async throws -> R) async throws -> R {
        let pool = try await open(configuration)
        do {
            let result = try await body(pool)
            await pool.shutdown()
            return result
        } catch {
            await pool.shutdown()
            throw error
        }
    }

    /// An interface of the host that is there until the kernel has taken `namespace` down.
    func addWitness(to namespace: SharedDescriptor) throws {
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let request = namespace.withRaw { raw in
                NetlinkRequest.makeVeth(.init("witness"), peer: .init("witness", namespace: raw))
            }
            try netlink.perform([request])
        }
    }

    /// A server's namespace, joined with the host by a veth; it sends by the host.
    func makeServer() throws -> SharedDescriptor {
        let server = try NetworkNamespace.create()
        try NetworkNamespace.run(in: server) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let request = host.withRaw { raw in
                NetlinkRequest.makeVeth(.init("eth0", index: 2), peer: .init("server", namespace: raw))
            }
            try netlink.perform([
                request, .change(.loopback, .up), .change(.init(index: 2), .up),
                .addAddress(Self.serverAddress, prefix: 24, to: .init(index: 2)),
                .addRoute(
                    to: IPv4Prefix(IPv4Address(0, 0, 0, 0), length: 0), via: Self.hostAddress, over: .init(index: 2)),
            ])
        }
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let link = try netlink.link(named: "server")
            try netlink.perform([
                .change(link, .up), .addAddress(Self.hostAddress, prefix: 24, to: link),
            ])
        }
        return server
    }

    /// The far end of a tunnel in the server's namespace: a station with an address in a virtual network.
    func addTunnelEnd(
        in server: SharedDescriptor, named name: String, network: UInt32, address: IPv4Address, prefix: UInt8,
        station: MACAddress
    ) throws {
        try NetworkNamespace.run(in: server) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.perform([
                .makeTunnel(
                    .init(name, hardwareAddress: station), .fixed(identifier: network, remote: Self.hostAddress),
                    port: 4789)
            ])
            let link = try netlink.link(named: name)
            try netlink.perform([.change(link, .up), .addAddress(address, prefix: prefix, to: link)])
        }
    }
}

/// Sockets as a test needs them, made in the calling thread's namespace.
enum TestSocket {
    static func make(_ type: CInt, _ proto: CInt = 0, domain: CInt = AF_INET) throws(NetworkError) -> OwnedDescriptor {
        do throws(Errno) {
            let made = try OwnedDescriptor { socket(domain, type | CInt(SOCK_CLOEXEC.rawValue), proto) }
            made.withRaw { raw in
                var limit = timeval(tv_sec: 1, tv_usec: 0)
                setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
                setsockopt(raw, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
                var one: CInt = 1
                setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<CInt>.size))
            }
            return made
        } catch {
            throw NetworkError("make a socket", error)
        }
    }

    static var stream: CInt { CInt(SOCK_STREAM.rawValue) }
    static var datagram: CInt { CInt(SOCK_DGRAM.rawValue) }
    static var raw: CInt { CInt(SOCK_RAW.rawValue) }

    static func withAddress<R>(
        _ address: IPv4Address, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
    ) -> R {
        var internet = sockaddr_in()
        internet.sin_family = sa_family_t(AF_INET)
        internet.sin_port = port.bigEndian
        internet.sin_addr.s_addr = address.rawValue.bigEndian
        return withUnsafePointer(to: &internet) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    static func bind(_ socket: borrowing OwnedDescriptor, _ address: IPv4Address, _ port: UInt16) throws(NetworkError) {
        try attempt("bind") { () throws(Errno) in
            try socket.withRaw { raw throws(Errno) in
                _ = try syscall { withAddress(address, port) { Glibc.bind(raw, $0, $1) } }
            }
        }
    }

    static func connect(_ socket: borrowing OwnedDescriptor, _ address: IPv4Address, _ port: UInt16)
        throws(NetworkError)
    {
        try attempt("connect") { () throws(Errno) in
            try socket.withRaw { raw throws(Errno) in
                _ = try syscall { withAddress(address, port) { Glibc.connect(raw, $0, $1) } }
            }
        }
    }

    static func attempt<R>(_ action: String, _ body: () throws(Errno) -> R) throws(NetworkError) -> R {
        do throws(Errno) { return try body() } catch { throw NetworkError(action, error) }
    }

    /// Whether a TCP connection can be made from a namespace; else why not.
    static func connects(from namespace: SharedDescriptor, to address: IPv4Address, _ port: UInt16) -> Errno? {
        do throws(NetworkError) {
            try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
                let socket = try make(stream)
                try connect(socket, address, port)
            }
            return nil
        } catch {
            return error.errno
        }
    }
}

/// A server that answers every connection with a text, and tells whom it saw; on a thread of its own until it is closed.
final class GreetingServer: Sendable {
    private let listener: SharedDescriptor

    init(in namespace: SharedDescriptor, port: UInt16, saying text: String, at address: IPv4Address? = nil) throws {
        listener = try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            let listener = try TestSocket.make(TestSocket.stream)
            try TestSocket.bind(listener, address ?? IPv4Address(rawValue: 0), port)
            try TestSocket.attempt("listen") { () throws(Errno) in
                try listener.withRaw { raw throws(Errno) in
                    // The limit of `make` would end accept.
                    var never = timeval(tv_sec: 0, tv_usec: 0)
                    setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &never, socklen_t(MemoryLayout<timeval>.size))
                    _ = try syscall { Glibc.listen(raw, 64) }
                }
            }
            return listener.shared()
        }
        try PosixThread.start { [listener] in
            while true {
                var peer = sockaddr_in()
                var size = socklen_t(MemoryLayout<sockaddr_in>.size)
                let connection = listener.withRaw { raw in
                    withUnsafeMutablePointer(to: &peer) { pointer in
                        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept(raw, $0, &size) }
                    }
                }
                guard connection >= 0 else { return }
                let seen = IPv4Address(rawValue: UInt32(bigEndian: peer.sin_addr.s_addr))
                let answer = Array("\(text) \(seen)".utf8)
                _ = send(connection, answer, answer.count, CInt(MSG_NOSIGNAL))
                close(connection)
            }
        }
    }

    deinit { _ = listener.withRaw { shutdown($0, CInt(SHUT_RDWR)) } }

    /// What a server says to whoever connects from a namespace.
    static func ask(from namespace: SharedDescriptor, _ address: IPv4Address, _ port: UInt16) throws -> String {
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            let socket = try TestSocket.make(TestSocket.stream)
            try TestSocket.connect(socket, address, port)
            let bytes = try TestSocket.attempt("read") { () throws(Errno) in try socket.readAll(limit: 1000) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
