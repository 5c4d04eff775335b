import GuestProtocol
import RuntimeAPI
import Testing

private let id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
private let api = "/2018-06-01/runtime"

/// What a hostile runtime can make the server keep.
@Suite struct BoundsTests {
    static let half = [UInt8](repeating: 65, count: 300_000)

    static let halfRequests = [
        // Bodies of requests that nobody waits for.
        "POST \(api)/invocation/other/response HTTP/1.1\r\nContent-Length: 6000000\r\n\r\n",
        "POST \(api)/invocation/other/error HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n00500000\r\n",
        "GET \(api)/invocation/next HTTP/1.1\r\nContent-Length: 6000000\r\n\r\n",
        "POST /2018-06-01/ping HTTP/1.1\r\nContent-Length: 6000000\r\n\r\n",
        // And of those that it does wait for, and heads.
        "POST \(api)/invocation/\(id)/response HTTP/1.1\r\nContent-Length: 6000000\r\n\r\n",
        "POST \(api)/init/error HTTP/1.1\r\nContent-Length: 6000000\r\n\r\n",
        "POST \(api)/invocation/\(id)/error HTTP/1.1\r\nLambda-Runtime-Function-XRay-Error-Cause: ",
    ]

    @Test("thirty half-sent requests are kept in little memory, and the invocation goes on", arguments: halfRequests)
    func halfSent(_ request: String) throws {
        let harness = try Harness()
        let runtime = try harness.connect()
        _ = try harness.start(.sample(), on: runtime)
        var hostile: [Client] = []
        for _ in 0..<30 {
            let client = try harness.connect()
            try client.send(request)
            try client.send(Self.half)
            hostile.append(client)
        }
        try harness.settle()
        // One large request at most, and a little of each other connection.
        #expect(harness.server.heldBytes < 5 << 20)
        let payload = String(repeating: "x", count: 6_291_556)
        #expect(try runtime.post("\(api)/invocation/\(id)/response", body: payload).status == 202)
        #expect(harness.takeEvents().contains(.responded(requestID: id, payload: Array(payload.utf8))))
        #expect(harness.server.heldBytes < 5 << 20)
    }

    @Test("of two answers to one invocation that are large, the newer one counts")
    func twice() throws {
        let harness = try Harness()
        let runtime = try harness.connect()
        _ = try harness.start(.sample(), on: runtime)
        let head = "POST \(api)/invocation/\(id)/response HTTP/1.1\r\nContent-Length: 400000\r\n\r\n"
        let first = try harness.connect()
        try first.send(head)
        try first.send(Self.half)
        try harness.settle()
        let second = try harness.connect()
        try second.send(head)
        try second.send([UInt8](repeating: 66, count: 400_000))
        #expect(try second.response().status == 202)
        #expect(try first.isClosed())
        #expect(
            harness.takeEvents().contains(
                .responded(requestID: id, payload: [UInt8](repeating: 66, count: 400_000))))
        // A connection that has sent something large is one like any other afterwards.
        let third = try harness.connect()
        try third.send("POST \(api)/restore/error HTTP/1.1\r\nContent-Length: 400000\r\n\r\n")
        try third.send(Self.half)
        try harness.settle()
        #expect(try second.get("/2018-06-01/ping").body == "pong")
    }

    @Test("what nobody waits for is answered by what it is, however large its body")
    func dropped() throws {
        let harness = try Harness()
        let client = try harness.connect()
        try harness.server.invoke(.sample())
        _ = try client.get("\(api)/invocation/next")
        let body = String(repeating: "x", count: 100_000)
        #expect(try client.post("\(api)/invocation/other/response", body: body).status == 400)
        #expect(try client.post("\(api)/nothing", body: body).status == 404)
        #expect(try client.post("\(api)/invocation/\(id)/response", body: "7").status == 202)
    }

    @Test("half-sent heads on every connection keep nobody out")
    func allPlaces() throws {
        let harness = try Harness()
        let runtime = try harness.connect()
        _ = try harness.start(.sample(), on: runtime)
        var silent: [Client] = []
        for _ in 0..<64 {
            let client = try harness.connect()
            try client.send("POST \(api)/invocation/\(id)/response HTTP/1.1\r\n")
            silent.append(client)
        }
        try harness.settle()
        let client = try harness.connect()
        #expect(try client.post("\(api)/invocation/\(id)/response", body: "7").status == 202)
        #expect(try silent[0].isClosed())
    }

    @Test("memory that a long piece took is given back")
    func givenBack() throws {
        let harness = try Harness()
        let client = try harness.connect()
        #expect(try client.post("/2018-06-01/nothing", body: String(repeating: "x", count: 5_000_000)).status == 404)
        #expect(harness.server.heldBytes <= 1 << 16)
    }
}
