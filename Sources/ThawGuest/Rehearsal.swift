import Glibc
import GuestProtocol
import LinuxKit
import RuntimeAPI
import SystemPackage

/// Walks the way of a thaw and of an invocation once, with a runtime that is only played.
///
/// An emulated processor translates code when it first runs, and a fresh clone has run nothing yet. What has been walked
/// here, in this program and in the kernel (entropy, clock, sockets, epoll, page faults), is fast when it counts. The real
/// runtime stays stopped; the entropy comes from the kernel itself and adds nothing.
enum Rehearsal {
    private static let request = Array("GET /2018-06-01/ping HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n\r\n".utf8)
    private static let patience = Duration.seconds(5)
    private static let rounds = 2

    /// Rehearses this program's own part here, then what a runtime asks of the kernel and of the server at `port` on a
    /// thread, because that takes both ends at once. `done` becomes readable at the end.
    static func begin(_ duties: any Duties, port: UInt16, done: SharedDescriptor) throws(GuestError) {
        let uniqueness = Uniqueness(
            generation: 0, entropy: SystemRandom.bytes(Uniqueness.entropyLength),
            wallClockNanoseconds: WallClock.now(),
            credentials: Credentials(
                authorizationToken: "", accessKeyID: "", secretAccessKey: "", sessionToken: "", expiration: ""))
        guard case .thaw(let heard)? = afterTheWire(.thaw(uniqueness)) else { return }
        try duties.makeUnique(heard)
        // What fails in the play is slow later, no more.
        try? playInvocation(as: heard)
        try GuestError.wrap("starting the rehearsal's thread") { () throws(Errno) in
            try PosixThread.start {
                for _ in 0..<rounds { try? converse(port: port) }
                // One, as eventfd(2) wants it.
                _ = try? done.descriptor.write([1, 0, 0, 0, 0, 0, 0, 0] as [UInt8])
            }
        }
    }

    private static func afterTheWire(_ message: HostMessage) -> HostMessage? {
        var decoder = FrameDecoder()
        decoder.append(message.encoded())
        return (try? decoder.next()).flatMap { $0 }.flatMap { try? HostMessage(frame: $0) }
    }

    // MARK: - A runtime's system calls

    /// Does what an HTTP client does around a request, nonblocking with poll(2), and what any program does meanwhile.
    private static func converse(port: UInt16) throws(Errno) {
        try touchNewMemory()
        let pair = try OwnedDescriptor.socketPair()
        _ = try pair.first.write([1] as [UInt8])
        _ = try pair.second.read(upTo: 1)
        let connection = try LoopbackSocket.connect(port: port)
        try connection.setNonblocking()
        _ = try LoopbackSocket.port(of: connection)
        guard try connection.wait(for: .writable, atMost: patience) else { return }
        _ = try connection.write(request)
        guard try connection.wait(for: .readable, atMost: patience) else { return }
        _ = try connection.read(upTo: 4096)
    }

    /// Page faults on fresh memory, as every allocator causes them.
    private static func touchNewMemory() throws(Errno) {
        let length = 65_536
        let memory = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { throw Errno(rawValue: errno) }
        for offset in stride(from: 0, to: length, by: 4096) {
            memory.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
        }
        munmap(memory, length)
    }

    // MARK: - The Runtime API's states

    /// A runtime that is restored, gets an invocation, answers and asks again, at a server of its own: the real one's
    /// state must not move.
    private static func playInvocation(as identity: Uniqueness) throws(Errno) {
        let invocation = Invocation(
            requestID: "rehearsal", deadlineMilliseconds: 0, invokedFunctionARN: "", payload: [UInt8(ascii: "1")])
        guard case .invoke(let heard)? = afterTheWire(.invoke(invocation)) else { return }
        let queue = try EventQueue()
        let api = try RuntimeAPIServer(port: 0, options: .init(isSnapStart: true), queue: queue)
        api.onEvent = { event in
            if case .responded(let requestID, let payload) = event {
                _ = GuestMessage.response(requestID: requestID, payload: payload).encoded()
            }
        }
        let first = try Actor(api, queue)
        try first.say("GET /2018-06-01/runtime/restore/next")
        try? api.release(identity)
        try first.hear()
        let second = try Actor(api, queue)
        try second.say("GET /2018-06-01/runtime/invocation/next")
        try? api.invoke(heard)
        try second.hear()
        try second.say("POST /2018-06-01/runtime/invocation/rehearsal/response", body: "1")
        try second.hear()
        try second.say("GET /2018-06-01/runtime/invocation/next")
    }

    /// The played runtime's end of a connection.
    private struct Actor: ~Copyable {
        private let socket: OwnedDescriptor
        private let api: RuntimeAPIServer
        private let queue: EventQueue

        init(_ api: RuntimeAPIServer, _ queue: EventQueue) throws(Errno) {
            let socket = try LoopbackSocket.connect(port: api.port)
            try socket.setNonblocking()
            self.socket = socket
            self.api = api
            self.queue = queue
        }

        /// Sends a request and lets the server see it. Nothing on the loopback device takes 100 ms.
        borrowing func say(_ line: String, body: String = "") throws(Errno) {
            let length = body.isEmpty ? "" : "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
            _ = try socket.write("\(line) HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nAccept: */*\r\n\(length)\r\n\(body)".utf8)
            try queue.wait(atMost: .milliseconds(100)) { api.process($0) }
        }

        borrowing func hear() throws(Errno) { _ = try socket.read(upTo: 4096) }
    }
}
