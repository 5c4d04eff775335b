import Glibc
import GuestProtocol
import LinuxKit
import RuntimeAPI
import SystemPackage
import Testing

/// A server and its loop, turned by the test itself: one thread, nothing to wait for but the kernel.
final class Harness {
    let queue: EventQueue
    let server: RuntimeAPIServer
    private(set) var events: [RuntimeEvent] = []

    /// - Parameter tokens: the upper half of the server's tokens.
    convenience init(isSnapStart: Bool = true, servesSeed: Bool = false, tokens: UInt64 = 0) throws {
        var options = RuntimeAPIServer.Options(isSnapStart: isSnapStart)
        options.servesSeed = servesSeed
        options.tokens = tokens
        let queue = try EventQueue()
        try self.init(queue, try RuntimeAPIServer(port: 0, options: options, queue: queue))
    }

    /// A server that goes on with an accepted connection; its client is the other end.
    static func adopting(blockedIn call: BlockingCall, isSnapStart: Bool = true) throws -> (Harness, Client) {
        let listener = try LoopbackSocket.listen(port: 0)
        let dialled = try LoopbackSocket.connect(port: try LoopbackSocket.port(of: listener))
        guard let accepted = try LoopbackSocket.accept(from: listener) else {
            throw Errno.resourceTemporarilyUnavailable
        }
        let queue = try EventQueue()
        let server = try RuntimeAPIServer(
            adopting: accepted, blockedIn: call, listener: listener, options: .init(isSnapStart: isSnapStart),
            queue: queue)
        let harness = try Harness(queue, server)
        return (harness, Client(harness: harness, socket: dialled))
    }

    private init(_ queue: EventQueue, _ server: RuntimeAPIServer) throws {
        self.queue = queue
        self.server = server
        server.onEvent = { [unowned self] in events.append($0) }
    }

    func connect() throws -> Client { Client(harness: self, socket: try LoopbackSocket.connect(port: server.port)) }

    /// Turns the loop until `condition` holds; a test that waits 20 s for that has failed.
    func turn(until condition: () throws -> Bool) throws {
        let deadline = MonotonicClock.now() + 20_000_000_000
        while try !condition() {
            try #require(MonotonicClock.now() < deadline, "nothing happened for 20 s")
            try queue.wait(atMost: .milliseconds(10)) { server.process($0) }
        }
    }

    /// Turns the loop as long as something is waiting to be handled.
    func settle() throws {
        var isBusy = true
        while isBusy {
            isBusy = false
            try queue.wait(atMost: .milliseconds(50)) {
                isBusy = true
                server.process($0)
            }
        }
    }

    func note(_ event: RuntimeEvent) { events.append(event) }

    func takeEvents() -> [RuntimeEvent] {
        defer { events = [] }
        return events
    }

    /// Brings the runtime of `client` to its first invocation and hands it `invocation`.
    func start(_ invocation: Invocation, on client: Client) throws -> Response {
        try client.send("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n")
        try turn { events.contains(.initialized(.invocationNext)) || events.contains(.idle) }
        try server.invoke(invocation)
        return try client.response()
    }
}

/// One answer as it came over the wire.
struct Response: Equatable {
    var status: Int
    var head: String
    var body: String

    func header(_ name: String) -> String? {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix(name.lowercased() + ": ") {
            return String(line.dropFirst(name.count + 2))
        }
        return nil
    }
}

extension RuntimeAPIServer {
    func release(then: () -> Void = {}) throws(RuntimeAPIError) { try release(.sample, then: then) }
}

extension Uniqueness {
    static let sample = Uniqueness(
        generation: 42, entropy: Array(0..<64), wallClockNanoseconds: 1_795_424_579_068_460_993,
        credentials: .sample)
}

/// The runtime's end of a connection. Reads and writes turn the server's loop.
final class Client {
    private let harness: Harness
    private let socket: OwnedDescriptor
    private var received: [UInt8] = []

    init(harness: Harness, socket: consuming OwnedDescriptor) {
        self.harness = harness
        self.socket = socket
    }

    func port() throws -> UInt16 { try LoopbackSocket.port(of: socket) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        try harness.turn {
            let sent = rest.withUnsafeBytes { buffer in
                socket.withRaw {
                    Glibc.send($0, buffer.baseAddress, buffer.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
                }
            }
            if sent > 0 { rest = rest.dropFirst(sent) }
            return rest.isEmpty || (sent < 0 && errno != EAGAIN)
        }
    }

    /// The next whole answer.
    func response() throws -> Response {
        var found: Response?
        try harness.turn {
            try receive()
            found = takeResponse()
            return found != nil
        }
        return try #require(found)
    }

    func get(_ path: String, headers: String = "") throws -> Response {
        try send("GET \(path) HTTP/1.1\r\nHost: x\r\n\(headers)\r\n")
        return try response()
    }

    func post(_ path: String, headers: String = "", body: String = "") throws -> Response {
        try send("POST \(path) HTTP/1.1\r\nHost: x\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return try response()
    }

    /// Whether the server closes the connection, without sending more.
    func isClosed() throws -> Bool {
        var isAtEnd = false
        try harness.turn {
            isAtEnd = try receive()
            return isAtEnd
        }
        return isAtEnd && received.isEmpty
    }

    /// Whatever has arrived and is no whole answer yet.
    func pending() throws -> String {
        try harness.settle()
        try receive()
        return String(decoding: received, as: UTF8.self)
    }

    /// True at the end of the stream.
    @discardableResult
    private func receive() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = socket.withRaw { recv($0, &buffer, buffer.count, CInt(MSG_DONTWAIT)) }
            if count > 0 { received += buffer[..<count] } else { return count == 0 || errno == ECONNRESET }
        }
    }

    private func takeResponse() -> Response? {
        guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: received[..<end.lowerBound], as: UTF8.self)
        var response = Response(
            status: head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0, head: head, body: "")
        let length = response.header("Content-Length").flatMap { Int($0) } ?? 0
        guard received.count >= end.upperBound + length else { return nil }
        response.body = String(decoding: received[end.upperBound..<end.upperBound + length], as: UTF8.self)
        received.removeFirst(end.upperBound + length)
        return response
    }
}

extension [UInt8] {
    fileprivate func firstRange(of pattern: [UInt8]) -> Range<Int>? {
        guard count >= pattern.count else { return nil }
        return (0...count - pattern.count).first { self[$0..<$0 + pattern.count].elementsEqual(pattern) }
            .map { $0..<$0 + pattern.count }
    }
}

extension Invocation {
    static func sample(_ id: String = "8476a536-e9f4-11e8-9739-2dfe598c3fcd", payload: String = #"{"a":1}"#) -> Self {
        Invocation(
            requestID: id, deadlineMilliseconds: 1_542_409_706_888,
            invokedFunctionARN: "arn:aws:lambda:us-east-1:123456789012:function:f:1",
            traceID: "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
            payload: Array(payload.utf8))
    }
}

extension Credentials {
    static let sample = Credentials(
        authorizationToken: "5d4c63a6-0f07-4a8e-a0a1-6b8a4d9e1c11", accessKeyID: "AKIA", secretAccessKey: #"se"cr\et"#,
        sessionToken: "token\n", expiration: "2026-11-24T00:00:00Z")
}
