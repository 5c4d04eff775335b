import GuestProtocol
import LinuxKit
import RuntimeAPI
import Testing

private let api = "/2018-06-01/runtime"

/// A server that serves a runtime which came from another sandbox, or will become one.
@Suite struct CloneTests {
    @Test("a clone finds the answer to its outstanding request on the connection dialled for it")
    func adopted() throws {
        let (harness, client) = try Harness.adopting(blockedIn: .restoreNext)
        #expect(try client.pending() == "")
        try harness.server.release()
        #expect(try client.response().header("Thaw-Generation") == "42")
        try client.send("GET \(api)/invocation/next HTTP/1.1\r\n\r\n")
        try harness.turn { harness.events == [.restored] }
        // Others may connect as to any server.
        #expect(try harness.connect().get("/2018-06-01/ping").body == "pong")
    }

    @Test("a clone that waits for its invocation is restored at once and then invoked on that connection")
    func adoptedInInvocation() throws {
        let (harness, client) = try Harness.adopting(blockedIn: .invocationNext, isSnapStart: false)
        try harness.server.release()
        #expect(harness.events == [.restored])
        try harness.server.invoke(.sample())
        #expect(try client.response().body == #"{"a":1}"#)
    }

    @Test("a clone of a seed is told its function and initialised")
    func adoptedAsSeed() throws {
        let (harness, client) = try Harness.adopting(blockedIn: .seedNext)
        #expect(throws: RuntimeAPIError.cannotRelease(state: "SeedReady")) { try harness.server.release() }
        try harness.server.startFromSeed(Array(#"{"arguments":[]}"#.utf8))
        let start = try client.response()
        #expect(start.body == #"{"arguments":[]}"# && start.header("Content-Type") == "application/json")
        try client.send("GET \(api)/restore/next HTTP/1.1\r\n\r\n")
        try harness.turn { harness.events == [.initialized(.restoreNext)] }
        #expect(throws: RuntimeAPIError.cannotStart(state: "RestoreReady")) { try harness.server.startFromSeed([]) }
    }

    @Test("a clone whose connection is gone gets its answer on the next one")
    func adoptedAndLost() throws {
        let harness: Harness
        do {
            let client: Client
            (harness, client) = try Harness.adopting(blockedIn: .restoreNext)
            _ = client
        }
        try harness.settle()
        #expect(harness.server.blockedClientPort == nil)
        try harness.server.release()
        try harness.connect().send("GET \(api)/invocation/next HTTP/1.1\r\n\r\n")
        try harness.turn { harness.events == [.restored] }
    }

    @Test("a runtime waits in the seed's call only where there is one", arguments: [true, false])
    func seedRoute(servesSeed: Bool) throws {
        let harness = try Harness(servesSeed: servesSeed)
        let client = try harness.connect()
        try client.send("GET \(api)/seed/next HTTP/1.1\r\nHost: x\r\n\r\n")
        guard servesSeed else {
            #expect(try client.response().status == 404)
            return
        }
        try harness.turn { harness.events == [.seedReady] }
        #expect(try client.pending() == "")
        try harness.server.startFromSeed(Array("{}".utf8))
        #expect(try client.response().body == "{}")
    }

    @Test("before a freeze only the blocked connection and those in the middle of a request stay")
    func idleConnections() throws {
        let harness = try Harness()
        let idle = try harness.connect()
        #expect(try idle.get("/2018-06-01/ping").status == 200)
        let busy = try harness.connect()
        try busy.send("POST \(api)/init/error HTTP/1.1\r\nContent-Length: 2\r\n\r\n{")
        let blocked = try harness.connect()
        try blocked.send("GET \(api)/restore/next HTTP/1.1\r\n\r\n")
        try harness.turn { harness.events == [.initialized(.restoreNext)] }
        #expect(harness.server.blockedClientPort == (try blocked.port()))
        harness.server.closeIdleConnections()
        #expect(try idle.isClosed())
        #expect(try busy.pending() == "" && blocked.pending() == "")
        try harness.server.release()
        #expect(try blocked.response().status == 200)
        try busy.send("}")
        #expect(try busy.response().status == 202)
    }

    @Test("servers that share a queue hear of their own connections only, by the upper half of the token")
    func sharedQueue() throws {
        let harness = try Harness(tokens: 0xFFFF_FFFE << 32)
        let client = try harness.connect()
        try client.send("GET /2018-06-01/ping HTTP/1.1\r\n\r\n")
        var tokens: Set<UInt64> = []
        while tokens.isEmpty {
            try harness.queue.wait(atMost: .seconds(20)) {
                tokens.insert($0.token)
                harness.server.process($0)
            }
        }
        try client.send("GET /2018-06-01/ping HTTP/1.1\r\n\r\n")
        while tokens.count < 2 { try harness.queue.wait(atMost: .seconds(20)) { tokens.insert($0.token) } }
        #expect(tokens.allSatisfy { $0 >> 32 == 0xFFFF_FFFE && $0 & RuntimeAPIServer.tokenMark != 0 })
    }
}
