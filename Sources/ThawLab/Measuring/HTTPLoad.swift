import LinuxKit
import SystemPackage
import Worker

/// A client that costs little, because it runs on the processors of the server that it measures: plain sockets, one thread,
/// connections that stay open, one request at a time on each. Blocks: use it on one ``BlockingThread``.
final class HTTPLoad {
    /// What is asked for, and who says whether an answer is right.
    struct Target: Sendable {
        var port: Int
        var path: String
        var function: MeasuredFunction
    }

    struct Sustained: Sendable {
        /// Answers in each whole second.
        var perSecond: [Int]
        var responses: Samples
    }

    /// The server took longer than anybody would wait.
    struct NoAnswer: Error, CustomStringConvertible {
        var description: String { "no answer within \(HTTPLoad.limit)" }
    }

    private struct Index: RawRepresentable, Sendable { let rawValue: UInt64 }

    private final class Connection {
        let socket: OwnedDescriptor
        var reader = HTTPResponseReader()
        var sent = ContinuousClock.now

        init(port: Int) throws(Errno) { socket = try LoopbackSocket.connect(port: UInt16(clamping: port)) }
    }

    private static let limit = Duration.seconds(60)

    private let target: Target
    private let request: [UInt8]
    private let epoll: Epoll<Index>
    private let connections: [Connection]
    /// An answer that was checked: those equal to it need no second look.
    private var checked: [UInt8] = []

    /// Opens the connections.
    init(_ target: Target, connections count: Int) throws {
        self.target = target
        let head = """
            POST \(target.path) HTTP/1.1\r
            Host: 127.0.0.1:\(target.port)\r
            Content-Type: application/json\r
            Content-Length: \(target.function.event.count)\r
            \r

            """
        request = Array(head.utf8) + target.function.event
        epoll = try Epoll()
        var opened: [Connection] = []
        for index in 0..<count {
            let connection = try Connection(port: target.port)
            try epoll.add(connection.socket, for: .readable, token: Index(rawValue: UInt64(index)))
            opened.append(connection)
        }
        connections = opened
    }

    /// One request on the first connection; how long its answer took.
    func exchange() throws -> Duration {
        try send(on: connections[0])
        while true {
            if let duration = try receive(on: connections[0]) { return duration }
        }
    }

    /// One request on every connection, all at once; how long each answer took.
    func burst() throws -> [Duration] {
        var durations: [Duration] = []
        for connection in connections { try send(on: connection) }
        while durations.count < connections.count {
            for connection in try ready() {
                if let duration = try receive(on: connection) { durations.append(duration) }
            }
        }
        return durations
    }

    /// Keeps one request under way on every connection for `duration`.
    func sustain(for duration: Duration) throws -> Sustained {
        let start = ContinuousClock.now
        var perSecond = [Int](repeating: 0, count: Int(duration.components.seconds))
        var (responses, underway) = (Samples(), connections.count)
        for connection in connections { try send(on: connection) }
        while underway > 0 {
            for connection in try ready() {
                guard let response = try receive(on: connection) else { continue }
                responses.add(response)
                let passed = ContinuousClock.now - start
                let second = Int(passed.components.seconds)
                if second < perSecond.count { perSecond[second] += 1 }
                if passed < duration { try send(on: connection) } else { underway -= 1 }
            }
        }
        return Sustained(perSecond: perSecond, responses: responses)
    }

    private func ready() throws -> [Connection] {
        let events = try epoll.wait(atMost: Self.limit)
        guard !events.isEmpty else { throw NoAnswer() }
        return events.map { connections[Int($0.token.rawValue)] }
    }

    private func send(on connection: Connection) throws {
        connection.sent = ContinuousClock.now
        try connection.socket.writeAll(request)
    }

    /// Reads what is there; how long the answer took, when it is whole.
    private func receive(on connection: Connection) throws -> Duration? {
        let bytes = try connection.socket.read(upTo: 16_384)
        guard !bytes.isEmpty else { throw HTTPResponseReader.Malformed(reason: "the connection was closed") }
        connection.reader.add(bytes)
        guard let response = try connection.reader.next() else { return nil }
        let duration = ContinuousClock.now - connection.sent
        try check(response)
        return duration
    }

    private func check(_ response: HTTPResponseReader.Response) throws {
        guard response.status == 200 else {
            throw LambdaClient.Failure(
                action: "Invoke", status: UInt(clamping: response.status),
                body: String(decoding: response.body, as: UTF8.self))
        }
        if !response.isFunctionError, response.body == checked { return }
        try target.function.check(
            LambdaClient.Answer(
                payload: response.body, functionError: response.isFunctionError ? "Unhandled" : nil))
        checked = response.body
    }
}
