import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LambdaAPI
import Testing

/// A page whose name was made to lead to loopback is told apart by that name.
@Suite struct AllowedHostsTests {
    static let loopback = [
        "localhost", "LOCALHOST:9000", "localhost.", "thaw.localhost", "a.b.localhost:1", "127.0.0.1", "127.0.0.1:9000",
        "127.255.3.4:80", "[::1]", "[::1]:9000", "::1",
    ]
    static let foreign = [
        "evil.example", "evil.example:9000", "localhost.evil.example", "evillocalhost", "127.0.0.1.evil.example",
        "127.0.0.1@evil.example", "127.0.0.256", "127.0.0", "127.0.0.0x1", "0.0.0.0", "10.0.0.1", "[::2]",
        "[::1].evil.example",
        "[::1", "::1:9000", "", ":9000", ".", "host.docker.internal",
    ]

    @Test("on loopback its own names are answered", arguments: ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
    func own(address: String) {
        let hosts = AllowedHosts(listeningAt: address)
        for host in Self.loopback { #expect(hosts.contains(host), "\(host)") }
        for host in Self.foreign { #expect(!hosts.contains(host), "\(host)") }
        #expect(hosts.contains(nil))
    }

    @Test("names that were allowed are answered too, and their neighbours are not")
    func allowed() {
        let hosts = AllowedHosts(listeningAt: "127.0.0.1", others: ["Host.Docker.Internal", "*.lab.example"])
        for host in ["host.docker.internal:9000", "a.lab.example", "a.b.LAB.example:1", "localhost"] {
            #expect(hosts.contains(host), "\(host)")
        }
        for host in ["docker.internal", "lab.example", "xlab.example", "a.lab.example.evil", "x.host.docker.internal"] {
            #expect(!hosts.contains(host), "\(host)")
        }
    }

    @Test("elsewhere any name is answered, until names are given; a star is any")
    func elsewhere() {
        for host in Self.loopback + Self.foreign {
            #expect(AllowedHosts(listeningAt: "0.0.0.0").contains(host))
            #expect(AllowedHosts(listeningAt: "127.0.0.1", others: ["*"]).contains(host))
        }
        let hosts = AllowedHosts(listeningAt: "10.1.2.3", others: ["thaw.example"])
        #expect(hosts.contains("10.1.2.3:9000") && hosts.contains("thaw.example") && hosts.contains("127.0.0.1"))
        #expect(!hosts.contains("evil.example"))
    }

    @Test(
        "a refused request is told what to do, whatever it asks for",
        arguments: [
            (HTTPRequest.Method.get, "/2015-03-31/functions/f"), (.get, "/_thaw/code/f/$LATEST"), (.get, "/healthz"),
            (.get, "/x"),
            (.post, "/2015-03-31/functions/f/invocations"),
        ])
    func refused(method: HTTPRequest.Method, path: String) async throws {
        let (ports, feed) = AsyncStream<Int>.makeStream()
        let application = APITester(FakeLambdaService(functions: [.sample()])).server.application { feed.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                let response = try await client.execute(
                    TestClient.Request(path, method: method, authority: "evil.example:9000"))
                #expect(response.status == .forbidden)
                #expect(response.head.headerFields.contains { $0.value == "AccessDeniedException" })
                #expect(response.body.map { String(buffer: $0) }?.contains("--allow-host") == true)
            }
            group.cancelAll()
        }
    }
}
