import Basics
import LinuxKit
import ServerAssembly
import SystemPackage
import Terminal
import Worker

/// What clients that do not go on, and large uploads, cost the server and those that call a warm function meanwhile.
struct FrontBenchmark: Sendable {
    private static let halves = 2000
    private static let uploads = 5
    private static let uploadedBytes = 50_000_000

    let context: BenchContext

    func run() async throws {
        try await context.server(.process, isWatched: false) { server in
            let function = MeasuredFunction.echo()
            let progress = Progress.report("front")
            progress("publishing")
            let target = server.target(function, version: try await server.publishWarm(function))
            progress("\(Self.halves) clients that do not go on")
            try await measureHalves(target)
            progress("\(Self.uploads) uploads at once")
            try await measureUploads(target, server)
        }
    }

    // MARK: - Halves

    private struct HalvesResult: Sendable {
        var alone = Samples()
        var beside = Samples()
        /// Of the server and its clients, which share this process, in megabytes.
        var growth = 0.0
        var closedAfter = Duration.zero
    }

    private func measureHalves(_ target: HTTPLoad.Target) async throws {
        let count = context.count
        let result = try await BlockingThread.run { () throws(any Error) in
            var result = HalvesResult()
            let load = try HTTPLoad(target, connections: 1)
            result.alone = try load.exchanges(count)
            let before = try HostCounts.resident()
            let began = ContinuousClock.now
            let clients = try HalfRequests(Self.halves, port: target.port)
            result.beside = try load.exchanges(count)
            result.growth = try HostCounts.resident() - before
            try clients.waitUntilClosed()
            result.closedAfter = .now - began
            return result
        }
        let name = "\(Self.halves) half-sent requests"
        context.report(name, "warm response without them", result.alone)
        context.report(name, "warm response beside them", result.beside, goal: .p99AtMost(1.2 * result.alone.p99))
        context.report(name, "resident memory, more", unit: "MB", Samples([result.growth]), goal: .maxAtMost(40))
        context.report(
            name, "all closed after", unit: "s", Samples([result.closedAfter.milliseconds / 1000]), goal: .maxAtMost(60)
        )
    }

    // MARK: - Uploads

    private func measureUploads(_ target: HTTPLoad.Target, _ server: MeasuredServer) async throws {
        let upload = Upload(bytes: Self.uploadedBytes)
        let before = try HostCounts.resident()
        let isOver = Outcome<Void>()
        let (took, beside, most) = try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<Self.uploads {
                group.addTask {
                    try await BlockingThread.run { () throws(any Error) in
                        try upload.send(as: "upload-\(index)", port: target.port)
                    }
                }
            }
            async let calls = BlockingThread.run { () throws(any Error) in
                try Self.call(target, until: { isOver.value != nil })
            }
            let began = ContinuousClock.now
            // Whatever becomes of the uploads, the calls beside them end.
            let result: Result<Void, any Error>
            do { result = .success(try await group.waitForAll()) } catch { result = .failure(error) }
            isOver.settle()
            let (beside, most) = try await calls
            try result.get()
            return (ContinuousClock.now - began, beside, most)
        }
        let name = "\(Self.uploads) uploads of \(Self.uploadedBytes / 1_000_000) MB"
        context.report(name, "all taken after", unit: "s", Samples([took.milliseconds / 1000]))
        context.report(name, "warm response beside them", beside, goal: .p99AtMost(20))
        context.report(
            name, "resident memory, more at most", unit: "MB", Samples([most - before]), goal: .maxAtMost(100))
        for index in 0..<Self.uploads { try await server.delete("upload-\(index)") }
    }

    /// One call after the other; how long they took, and the most memory that was seen meanwhile.
    private static func call(_ target: HTTPLoad.Target, until isOver: () -> Bool) throws -> (Samples, Double) {
        let load = try HTTPLoad(target, connections: 1)
        var (samples, most) = (Samples(), 0.0)
        while !isOver() {
            samples.add(try load.exchange())
            if samples.count % 20 == 1 { most = max(most, try HostCounts.resident()) }
        }
        return (samples, most)
    }
}

extension HTTPLoad {
    /// So many requests, one after the other, once a tenth of them has been made to warm up.
    fileprivate func exchanges(_ count: Int) throws -> Samples {
        for _ in 0..<(count / 10) { _ = try exchange() }
        var samples = Samples()
        for _ in 0..<count { samples.add(try exchange()) }
        return samples
    }
}

/// Clients of which each has sent the half of a head, or of a body, and says no more.
private final class HalfRequests {
    private struct Index: RawRepresentable, Sendable { let rawValue: UInt64 }

    private final class Client {
        let socket: OwnedDescriptor
        init(port: Int) throws(Errno) { socket = try LoopbackSocket.connect(port: UInt16(clamping: port)) }
    }

    private static let limit = Duration.seconds(90)

    private let epoll: Epoll<Index>
    private var clients: [Client?] = []

    init(_ count: Int, port: Int) throws {
        epoll = try Epoll()
        let line = "POST /2015-03-31/functions HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
        let halves = [line, line + "Content-Length: 1000\r\n\r\n{"].map { Array($0.utf8) }
        for index in 0..<count {
            let client = try Client(port: port)
            try client.socket.writeAll(halves[index % halves.count])
            try epoll.add(client.socket, for: .readable, token: Index(rawValue: UInt64(index)))
            clients.append(client)
        }
    }

    /// Reads what the server has to say to each, until it has ended them all.
    func waitUntilClosed() throws {
        var open = clients.count
        while open > 0 {
            let events = try epoll.wait(atMost: Self.limit)
            guard !events.isEmpty else { throw HTTPLoad.NoAnswer() }
            for event in events {
                let index = Int(event.token.rawValue)
                guard let client = clients[index] else { continue }
                // A reset is an end as good as any.
                guard (try? client.socket.read(upTo: 4096))?.isEmpty ?? true else { continue }
                clients[index] = nil
                open -= 1
            }
        }
    }
}

/// A function with a large zip, on its way to a server.
private struct Upload: Sendable {
    /// The zip in base64, which all share.
    private let text: [UInt8]

    init(bytes: Int) {
        var zip = ZipWriter()
        zip.add("app.py", Array("def handler(event, context):\n    return event\n".utf8))
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<bytes / 8).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
        zip.add("noise", noise)
        text = Array(Base64.text(zip.archive).utf8)
    }

    /// Blocks until it has been answered.
    func send(as name: String, port: Int) throws {
        let start = Array(#"{"Code":{"ZipFile":""#.utf8)
        let role = "arn:aws:iam::123456789012:role/measure"
        let end = Array(
            #""},"FunctionName":"\#(name)","Runtime":"python3.11","Handler":"app.handler","Role":"\#(role)"}"#.utf8)
        let head = """
            POST /2015-03-31/functions HTTP/1.1\r
            Host: 127.0.0.1:\(port)\r
            Content-Type: application/json\r
            Content-Length: \(start.count + text.count + end.count)\r
            Connection: close\r
            \r

            """
        let socket = try LoopbackSocket.connect(port: UInt16(clamping: port))
        for part in [Array(head.utf8), start, text, end] { try socket.writeAll(part) }
        var reader = HTTPResponseReader()
        while true {
            let bytes = try socket.read(upTo: 16_384)
            guard !bytes.isEmpty else { throw HTTPResponseReader.Malformed(reason: "the connection was closed") }
            reader.add(bytes)
            guard let response = try reader.next() else { continue }
            guard response.status == 201 else {
                throw LambdaClient.Failure(
                    action: "CreateFunction", status: UInt(clamping: response.status),
                    body: String(decoding: response.body, as: UTF8.self))
            }
            return
        }
    }
}
