import Glibc
import LinuxKit
import SystemPackage

/// What one thread measures of the way between a client's namespace and a server's.
///
/// The thread holds both ends, so that no wake-up of another is part of what is timed: packets are forwarded, rewritten and
/// delivered on the sender's processor before its system call returns. Every time is in microseconds.
struct TCPLoad: Sendable {
    /// Connections that wait for their accept(2) at a time; the listener has room for many more.
    private static let batch = 64
    private static let block = 128 << 10

    /// Where the client's sockets are made.
    let client: SharedDescriptor
    let server: SharedDescriptor
    /// Of the server, as the client sees it.
    let endpoint: Endpoint

    /// - Parameter namespace: the server's.
    init(from client: SharedDescriptor, to endpoint: Endpoint, in namespace: SharedDescriptor) throws(NetworkError) {
        self.client = client
        self.endpoint = endpoint
        server = try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            try BenchSocket.listen(on: endpoint.port)
        }
    }

    private init(client: SharedDescriptor, server: SharedDescriptor, endpoint: Endpoint) {
        (self.client, self.server, self.endpoint) = (client, server, endpoint)
    }

    /// The same server from elsewhere.
    func from(_ client: SharedDescriptor) -> TCPLoad { TCPLoad(client: client, server: server, endpoint: endpoint) }

    /// How long each of `count` connects took, after some that are not counted.
    func connects(_ count: Int, warmUp: Int = batch) throws(NetworkError) -> Samples {
        try NetworkNamespace.run(in: client) { () throws(NetworkError) in
            var samples = Samples()
            try connectBatch(warmUp) { _ in }
            var left = count
            while left > 0 {
                try connectBatch(min(left, Self.batch)) { samples.add($0) }
                left -= Self.batch
            }
            return samples
        }
    }

    private func connectBatch(_ count: Int, _ each: (Double) -> Void) throws(NetworkError) {
        for _ in 0..<count {
            let socket = OwnedDescriptor(
                adopting: try BenchSocket.attempt("make a socket") { () throws(Errno) in
                    try BenchSocket.stream().relinquish()
                })
            each(try BenchSocket.connect(socket, to: endpoint))
            BenchSocket.closeAbruptly(socket)
        }
        for _ in 0..<count { BenchSocket.closeAbruptly(try BenchSocket.accept(from: server)) }
    }

    /// One connection that carries a byte each way and is closed as connections are.
    func useOnce() throws(NetworkError) {
        try NetworkNamespace.run(in: client) { () throws(NetworkError) in
            let connection = try BenchSocket.connected(to: endpoint)
            let accepted = try BenchSocket.accept(from: server)
            _ = try connection.withRaw { client throws(NetworkError) in
                try accepted.withRaw { server throws(NetworkError) in try Self.exchange(client, server) }
            }
        }
    }

    /// How long each of `count` exchanges of one byte each way took, on one connection.
    func exchanges(_ count: Int) throws(NetworkError) -> Samples {
        try withConnection { client, server throws(NetworkError) in
            var samples = Samples()
            for round in 0..<(count + count / 10) {
                let duration = try Self.exchange(client, server)
                if round >= count / 10 { samples.add(duration) }
            }
            return samples
        }
    }

    private static func exchange(_ client: CInt, _ server: CInt) throws(NetworkError) -> Double {
        var byte: UInt8 = 1
        return try BenchSocket.attempt("exchange a byte") { () throws(Errno) in
            let start = MonotonicClock.now()
            try syscall { write(client, &byte, 1) }
            try syscall { read(server, &byte, 1) }
            try syscall { write(server, &byte, 1) }
            try syscall { read(client, &byte, 1) }
            return Double(MonotonicClock.now() - start) / 1000
        }
    }

    /// Gigabits a second that a second thread receives for `duration`.
    func throughput(for duration: Duration) throws(NetworkError) -> Double {
        try withConnection { client, server throws(NetworkError) in
            let outcome = try BenchSocket.attempt("start a thread") { () throws(Errno) in
                let end = MonotonicClock.now() + UInt64(duration.nanoseconds)
                try PosixThread.start { Self.send(on: client, until: end) }
                return Self.receive(on: server)
            }
            return outcome
        }
    }

    /// Ends the stream when it is done, which ends the receiver; the connection stays until then.
    private static func send(on socket: CInt, until end: UInt64) {
        let bytes = [UInt8](repeating: 0x5A, count: block)
        while MonotonicClock.now() < end, write(socket, bytes, bytes.count) > 0 {}
        shutdown(socket, CInt(SHUT_WR))
    }

    private static func receive(on socket: CInt) -> Double {
        var (received, start, last) = (0, UInt64(0), UInt64(0))
        withUnsafeTemporaryAllocation(byteCount: block, alignment: 64) { buffer in
            while true {
                let count = read(socket, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                last = MonotonicClock.now()
                if start == 0 { start = last } else { received += count }
            }
        }
        return last > start ? Double(received) * 8 / Double(last - start) : .nan
    }

    /// Both ends of a connection, for as long as `body` runs.
    private func withConnection<R>(
        _ body: (_ client: CInt, _ server: CInt) throws(NetworkError) -> R
    ) throws(NetworkError) -> R {
        try NetworkNamespace.run(in: client) { () throws(NetworkError) in
            let connection = try BenchSocket.connected(to: endpoint)
            let accepted = try BenchSocket.accept(from: server)
            let result = try connection.withRaw { client throws(NetworkError) in
                try accepted.withRaw { server throws(NetworkError) in try body(client, server) }
            }
            BenchSocket.closeAbruptly(connection)
            return result
        }
    }
}
