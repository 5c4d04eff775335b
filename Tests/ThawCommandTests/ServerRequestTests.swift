import LinuxKit
import Testing
import ThawCommand

@Suite struct ServerRequestTests {
    /// More than a busy machine takes.
    private static let limit = Duration.seconds(120)

    /// Asks a server that gives `answer` to its one client and closes.
    private func ask(_ answer: String) async throws -> String {
        let listener = try LoopbackSocket.listen(port: 0)
        let port = Int(try LoopbackSocket.port(of: listener))
        let shared = listener.shared()
        try PosixThread.start {
            guard (try? shared.descriptor.wait(for: .readable, atMost: Self.limit)) == true,
                let connection = try? LoopbackSocket.accept(from: shared.descriptor)
            else { return }
            _ = try? connection.wait(for: .readable, atMost: Self.limit)
            _ = try? connection.read(upTo: 65_536)
            try? connection.writeAll(Array(answer.utf8))
        }
        let request = ServerRequest(host: "127.0.0.1", port: port, limit: Self.limit)
        return String(decoding: try await request.get("/x"), as: UTF8.self)
    }

    @Test("the body of an answer is what was asked for, however it is sent")
    func answers() async throws {
        #expect(try await ask("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") == "hello")
        let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
        #expect(try await ask(chunks) == "hello")
    }

    @Test(
        "any other answer is none",
        arguments: [
            "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
            "nonsense\r\n\r\n", "",
        ])
    func refusals(answer: String) async throws {
        await #expect(throws: (any Error).self) { try await ask(answer) }
    }

    @Test("where nobody listens there is no answer")
    func nobody() async throws {
        let port: Int
        do {
            let listener = try LoopbackSocket.listen(port: 0)
            port = Int(try LoopbackSocket.port(of: listener))
        }
        let request = ServerRequest(host: "127.0.0.1", port: port, limit: Self.limit)
        await #expect(throws: (any Error).self) { try await request.get("/x") }
    }
    @Test("a server that takes the question and says nothing is given up")
    func silence() async throws {
        let listener = try LoopbackSocket.listen(port: 0)
        let port = Int(try LoopbackSocket.port(of: listener))
        let request = ServerRequest(host: "127.0.0.1", port: port, limit: .milliseconds(50))
        await #expect(throws: (any Error).self) { try await request.get("/x") }
        _ = listener
    }
}
