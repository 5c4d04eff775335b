import GuestProtocol
import RuntimeAPI
import Testing

private let next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n\r\n"
private let answer = "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\n"

/// Feeds `text` in pieces of `size` bytes and returns all requests, or the error.
private func parse(
    _ text: String, piece size: Int = .max, limits: HTTPRequestParser.Limits = .init()
) throws(HTTPError) -> [HTTPRequest] {
    var parser = HTTPRequestParser(limits: limits)
    var requests: [HTTPRequest] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let piece = Array(rest.prefix(size))
        rest = rest.dropFirst(size)
        piece.withUnsafeBytes { parser.append($0) }
        while let request = try parser.next() { requests.append(request) }
    }
    return requests
}

private func request(
    _ route: Route, _ method: HTTPRequest.Method = .post, body: String = "",
    _ change: (inout HTTPRequest) -> Void = { _ in }
) -> HTTPRequest {
    var request = HTTPRequest(method: method, route: route, keepAlive: true)
    request.body = .bytes(Array(body.utf8))
    change(&request)
    return request
}

@Suite struct HTTPRequestParserTests {
    static let response = Route.invocationResponse(requestID: Array("id-1".utf8))

    static let validRows: [(String, [HTTPRequest])] = [
        (next, [request(.invocationNext, .get)]),
        (next + next, [request(.invocationNext, .get), request(.invocationNext, .get)]),
        ("\r\n" + next, [request(.invocationNext, .get)]),
        ("GET /2018-06-01/ping?x=1 HTTP/1.1\r\n\r\n", [request(.ping, .get)]),
        ("GET /2018-06-01/ping HTTP/1.0\r\n\r\n", [request(.ping, .get) { $0.keepAlive = false }]),
        ("GET /2018-06-01/ping HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n", [request(.ping, .get)]),
        ("GET /2018-06-01/ping HTTP/1.1\r\nCONNECTION: close\r\n\r\n", [request(.ping, .get) { $0.keepAlive = false }]),
        ("PUT / HTTP/1.1\r\n\r\n", [request(.unknown, .put)]),
        ("DELETE / HTTP/1.1\r\n\r\n", [request(.unknown, .other)]),
        (
            answer + "Content-Length: 3\r\n\r\nabc" + next,
            [request(response, body: "abc"), request(.invocationNext, .get)]
        ),
        (answer + "content-length:0\r\n\r\n", [request(response)]),
        (answer + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", [request(response, body: "ok")]),
        (
            answer + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\n\r\n",
            [request(response, body: "abc0123456789")]
        ),
        (
            answer
                + "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n"
                + "Lambda-Runtime-Function-Error-Type: Runtime.Half\r\nLambda-Runtime-Function-Error-Body: e30=\r\n\r\n",
            [
                request(response, body: "{}") {
                    $0.responseMode = .streaming
                    $0.errorType = Array("Runtime.Half".utf8)
                    $0.trailingErrorBody = Array("e30=".utf8)
                    $0.failedInTrailers = true
                }
            ]
        ),
        (
            "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nLambda-Runtime-Function-Error-Type:  Runtime.X \r\n"
                + "Content-Length: 2\r\n\r\n{}",
            [request(.initError, body: "{}") { $0.errorType = Array("Runtime.X".utf8) }]
        ),
        (
            "GET /2021-04-23/credentials HTTP/1.1\r\nAuthorization: abc\r\n\r\n",
            [request(.credentials, .get) { $0.authorization = Array("abc".utf8) }]
        ),
        (
            answer + "Lambda-Runtime-Function-Response-Mode: sometimes\r\nContent-Length: 0\r\n\r\n",
            [request(response) { $0.responseMode = .invalid }]
        ),
    ]

    @Test("a request is the same however its bytes arrive", arguments: validRows, [1, 2, 7, Int.max])
    func valid(_ row: (text: String, expected: [HTTPRequest]), piece: Int) throws {
        #expect(try parse(row.text, piece: piece) == row.expected)
    }

    static let routes: [(String, Route)] = [
        ("/2018-06-01/ping", .ping), ("/2018-06-01/runtime/invocation/next", .invocationNext),
        ("/2018-06-01/runtime/init/error", .initError), ("/2018-06-01/runtime/restore/next", .restoreNext),
        ("/2018-06-01/runtime/restore/error", .restoreError), ("/2021-04-23/credentials", .credentials),
        ("/2018-06-01/runtime/invocation/a/error", .invocationError(requestID: [UInt8(ascii: "a")])),
        ("/", .unknown), ("*", .unknown), ("/2018-06-01", .unknown), ("/2018-06-01/", .unknown),
        ("/2018-06-01/runtime", .unknown), ("/2018-06-01/runtime/invocation/", .unknown),
        ("/2018-06-01/runtime/invocation//response", .unknown), ("/2018-06-01/runtime/invocation/a", .unknown),
        ("/2018-06-01/runtime/invocation/a/b/response", .unknown), ("/2018-06-01/runtime/invocation/next/", .unknown),
        ("/2018-06-01/Runtime/invocation/next", .unknown), ("/2021-04-23/credentialsx", .unknown),
        ("http://127.0.0.1/2018-06-01/ping", .unknown), ("/2018-06-01/../2018-06-01/ping", .unknown),
    ]

    @Test("only AWS's paths are routes", arguments: routes)
    func route(_ path: String, _ expected: Route) throws {
        #expect(try parse("GET \(path) HTTP/1.1\r\n\r\n").map(\.route) == [expected])
    }

    static let hostileRows: [(String, HTTPError)] = [
        ("GET\r\n\r\n", .malformed(.requestLine)),
        (" GET / HTTP/1.1\r\n\r\n", .malformed(.requestLine)),
        ("GET  / HTTP/1.1\r\n\r\n", .malformed(.requestLine)),
        ("GET / HTTP/1.1 x\r\n\r\n", .malformed(.requestLine)),
        ("GET / HTTQ/1.1\r\n\r\n", .malformed(.requestLine)),
        ("GET /\u{1} HTTP/1.1\r\n\r\n", .malformed(.requestLine)),
        ("G(T / HTTP/1.1\r\n\r\n", .malformed(.requestLine)),
        ("GET / HTTP/2.0\r\n\r\n", .unsupportedVersion),
        ("GET / HTTP/1.1\nHost: x\r\n\r\n", .malformed(.lineEnding)),
        ("GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", .malformed(.lineEnding)),
        ("GET / HTTP/1.1\r\n folded\r\n\r\n", .malformed(.headerName)),
        ("GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", .malformed(.headerName)),
        ("GET / HTTP/1.1\r\nA : b\r\n\r\n", .malformed(.headerName)),
        ("GET / HTTP/1.1\r\n: b\r\n\r\n", .malformed(.headerName)),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n", .malformed(.headerName)),
        ("GET / HTTP/1.1\r\nA: b\u{0}c\r\n\r\n", .malformed(.headerValue)),
        ("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", .malformed(.headerValue)),
        (answer + "Content-Length: \r\n\r\n", .malformed(.contentLength)),
        (answer + "Content-Length: -1\r\n\r\n", .malformed(.contentLength)),
        (answer + "Content-Length: +1\r\n\r\n", .malformed(.contentLength)),
        (answer + "Content-Length: 0x10\r\n\r\n", .malformed(.contentLength)),
        (answer + "Content-Length: 1, 1\r\n\r\n", .malformed(.contentLength)),
        (answer + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", .malformed(.conflictingLengths)),
        (answer + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .malformed(.conflictingLengths)),
        (answer + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", .malformed(.conflictingLengths)),
        (answer + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", .malformed(.conflictingLengths)),
        (answer + "Transfer-Encoding: gzip, chunked\r\n\r\n", .unsupportedTransferEncoding),
        (answer + "Transfer-Encoding: identity\r\n\r\n", .unsupportedTransferEncoding),
        (answer + "Content-Length: 99999999999999999999999999\r\n\r\n", .bodyTooLarge),
        (answer + "Content-Length: 268435457\r\n\r\n", .bodyTooLarge),
        (answer + "Expect: miracles\r\n\r\n", .malformed(.expectation)),
        (answer + "Transfer-Encoding: chunked\r\n\r\nx\r\n", .malformed(.chunkSize)),
        (answer + "Transfer-Encoding: chunked\r\n\r\n\r\n", .malformed(.chunkSize)),
        (answer + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", .malformed(.chunkSize)),
        (answer + "Transfer-Encoding: chunked\r\n\r\n;ext\r\n", .malformed(.chunkSize)),
        (answer + "Transfer-Encoding: chunked\r\n\r\n1\nx", .malformed(.lineEnding)),
        (answer + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", .malformed(.chunkEnd)),
        (answer + "Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n", .bodyTooLarge),
        (answer + "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", .bodyTooLarge),
        (answer + "Transfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n", .malformed(.headerName)),
    ]

    @Test("what could be read in two ways is refused", arguments: hostileRows, [1, Int.max])
    func hostile(_ row: (text: String, error: HTTPError), piece: Int) {
        #expect(throws: row.error) { try parse(row.text, piece: piece) }
    }

    @Test("after an error nothing more is parsed")
    func staysFailed() {
        var parser = HTTPRequestParser()
        Array("x\r\n\r\n".utf8).withUnsafeBytes { parser.append($0) }
        #expect(throws: HTTPError.malformed(.requestLine)) { try parser.next() }
        Array(next.utf8).withUnsafeBytes { parser.append($0) }
        #expect(throws: HTTPError.malformed(.requestLine)) { try parser.next() }
    }

    @Test("a head that does not end is given up at the limit")
    func endlessHead() {
        var limits = HTTPRequestParser.Limits()
        limits.head = 1000
        #expect(throws: HTTPError.headTooLarge) {
            try parse("GET / HTTP/1.1\r\nA: " + String(repeating: "a", count: 1000), piece: 64, limits: limits)
        }
    }

    @Test("AWS's error cause header of one megabyte is accepted")
    func longHeader() throws {
        let cause = String(repeating: "c", count: (1 << 20) - 1)
        let text =
            "POST /2018-06-01/runtime/invocation/a/error HTTP/1.1\r\nLambda-Runtime-Function-XRay-Error-Cause: \(cause)\r\n"
        #expect(try parse(text + "Content-Length: 2\r\n\r\n{}", piece: 65_536).count == 1)
    }

    @Test(
        "a body beyond the limit is read to its end and dropped",
        arguments: [
            "Content-Length: 11\r\n\r\n01234567890",
            "Transfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n5\r\n67890\r\n0\r\n\r\n",
        ], [1, 4, Int.max])
    func oversized(_ rest: String, piece: Int) throws {
        var limits = HTTPRequestParser.Limits()
        limits.body = 10
        let requests = try parse(answer + rest + next, piece: piece, limits: limits)
        #expect(requests.map(\.body) == [.tooLarge, .bytes([])])
        #expect(requests.map(\.keepAlive) == [true, true])
    }

    @Test("a client that asks first is told to go on, once")
    func expectation() throws {
        var parser = HTTPRequestParser()
        Array((answer + "Content-Length: 2\r\nExpect: 100-Continue\r\n\r\n").utf8).withUnsafeBytes { parser.append($0) }
        #expect(try parser.next() == nil)
        #expect(parser.awaitsContinue)
        parser.continued()
        #expect(try parser.next() == nil)
        #expect(!parser.awaitsContinue)
        Array("{}".utf8).withUnsafeBytes { parser.append($0) }
        #expect(try parser.next()?.body == .bytes(Array("{}".utf8)))
    }

    @Test("a client that asks first with too long a body is not told to go on")
    func expectationTooLarge() throws {
        let text = answer + "Content-Length: 6291557\r\nExpect: 100-continue\r\n\r\n"
        let requests = try parse(text)
        #expect(requests.map(\.body) == [.tooLarge])
        #expect(requests.map(\.keepAlive) == [false])
    }

    @Test("any bytes at all give requests or an error, never a crash")
    func noise() {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "GET ", "POST ", "/2018-06-01/", "runtime/", "invocation/", "next", " HTTP/1.1", "\r\n", "\r\n\r\n", "\n",
            "\r",
            "Content-Length: ", "5", "Transfer-Encoding: chunked", "0\r\n\r\n", ":", " ", "\u{0}", "ffff",
            "Expect: 100-continue",
        ]
        for _ in 0..<5000 {
            let count = Int.random(in: 1...20, using: &generator)
            let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            _ = try? parse(text, piece: Int.random(in: 1...50, using: &generator))
        }
    }
}
