import Glibc
import GuestProtocol
import LinuxKit
import ProcessEngine
import RuntimeAPI
import Sandboxes
import Synchronization
import SystemPackage
import Testing

/// A network namespace with its loopback up and, in it, what joins a runtime with the host.
struct Joint: Sendable {
    let slot: SharedDescriptor
    let endpoint: RuntimeEndpoint

    /// Blocks for a few milliseconds.
    init() throws {
        slot = try NetworkNamespace.create()
        endpoint = try NetworkNamespace.run(in: slot) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.bringUp(try netlink.link(named: "lo"))
            return Result { () throws(Errno) in try RuntimeEndpoint.open() }
        }.get()
    }

    static func make() async throws -> Joint { try await BlockingThread.run { try Joint() } }

    /// Runs `body` in the namespace, on a thread of its own.
    func inside<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await BlockingThread.run { [slot] in
            try NetworkNamespace.run(in: slot) { () throws(NetworkError) in Result { try body() } }.get()
        }
    }
}

/// What a sandbox's runtime wrote, in order.
final class Written: Sendable {
    private let pieces = Mutex<[Output]>([])

    var sink: OutputSink { { [self] output in pieces.withLock { $0.append(output) } } }
    var text: String { String(decoding: pieces.withLock { $0.flatMap(\.bytes) }, as: UTF8.self) }
    func count(of stream: Output.Stream) -> Int {
        pieces.withLock { $0.filter { $0.stream == stream }.reduce(0) { $0 + $1.bytes.count } }
    }
}

/// A runtime that waits in a call, on the connection which was dialled for it, before anybody plays it.
struct Clone {
    let runtime: HostedRuntime
    let player: Player
    let joint: Joint
    let written = Written()

    init(
        blockedIn call: BlockingCall, loop: EngineLoop, isSnapStart: Bool = true, keepsConnection: Bool = true
    ) async throws {
        try self.init(
            try await Joint.make(), blockedIn: call, loop: loop, isSnapStart: isSnapStart,
            keepsConnection: keepsConnection)
    }

    init(
        _ joint: Joint, blockedIn call: BlockingCall, loop: EngineLoop, isSnapStart: Bool = true,
        keepsConnection: Bool = true
    ) throws {
        self.joint = joint
        let side = try #require(joint.endpoint.takeProcessSide())
        player = Player(side.connection)
        runtime = try HostedRuntime(
            cloneBlockedIn: call, endpoint: joint.endpoint, loop: loop, isSnapStart: isSnapStart,
            keepsConnection: keepsConnection
        ) { 0 }
        try runtime.deliverOutput(to: written.sink)
    }
}

/// The runtime's side of one connection, on a thread of the test.
final class Player: Sendable {
    private let socket: SharedDescriptor
    private let received = Mutex<[UInt8]>([])

    init(_ socket: SharedDescriptor) { self.socket = socket }

    func say(_ text: String) throws { try socket.descriptor.writeAll(text.utf8) }

    func ask(_ path: String) throws { try say("GET /2018-06-01/runtime/\(path) HTTP/1.1\r\nHost: x\r\n\r\n") }

    func post(_ path: String, _ body: String) throws {
        try say(
            "POST /2018-06-01/runtime/\(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    struct Ended: Error {}

    /// The next answer, head and body. Blocks.
    func hear() throws -> (head: String, body: String) {
        try received.withLock { received in
            while true {
                let text = String(decoding: received, as: UTF8.self)
                if let end = text.firstRange(of: "\r\n\r\n") {
                    let head = String(text[..<end.lowerBound])
                    let length = Self.header("Content-Length", in: head).flatMap { Int($0) } ?? 0
                    let start = head.utf8.count + 4
                    if received.count >= start + length {
                        let body = String(decoding: received[start..<start + length], as: UTF8.self)
                        received.removeFirst(start + length)
                        return (head, body)
                    }
                }
                let more = try socket.descriptor.read(upTo: 1 << 16)
                if more.isEmpty { throw Ended() }
                received += more
            }
        }
    }

    static func header(_ name: String, in head: String) -> String? {
        for line in head.split(separator: "\r\n") where line.hasPrefix(name + ": ") {
            return String(line.dropFirst(name.count + 2))
        }
        return nil
    }

    /// Answers every invocation with its payload until the host hangs up. The first request has been made.
    func echo() {
        do {
            while true {
                let (head, body) = try hear()
                if let id = Self.header("Lambda-Runtime-Aws-Request-Id", in: head) {
                    try post("invocation/\(id)/response", body)
                    _ = try hear()
                }
                try ask("invocation/next")
            }
        } catch {}
    }
}

/// Plays on a thread of its own: the test goes on.
func play(_ body: @escaping @Sendable () throws -> Void) throws {
    try PosixThread.start { try? body() }
}

extension Uniqueness {
    static let sample = Uniqueness(
        generation: 7, entropy: Array(0..<64), wallClockNanoseconds: 1_795_424_579_068_460_993,
        credentials: Credentials(
            authorizationToken: "t", accessKeyID: "AKIA", secretAccessKey: "s", sessionToken: "x",
            expiration: "2026-11-24T00:00:00Z"))
}

extension Invocation {
    static func sample(_ id: String = "1", payload: String = "{}") -> Invocation {
        Invocation(requestID: id, deadlineMilliseconds: 0, invokedFunctionARN: "arn", payload: Array(payload.utf8))
    }
}

/// What `body` fails with, in words; "nothing" when it does not.
func failure<R>(_ body: () async throws(SandboxError) -> R) async -> String {
    do throws(SandboxError) {
        _ = try await body()
        return "nothing"
    } catch {
        return "\(error)"
    }
}
