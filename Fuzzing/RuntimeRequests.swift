/// What a runtime sends to the Runtime API: HTTP requests, in whatever pieces.
///
/// The first byte of an input is how long the pieces are. Cut in another way the same bytes must be the same requests: what could be
/// read in two ways is how requests are smuggled.
enum Target: FuzzTarget {
    private static let limits: HTTPRequestParser.Limits = {
        var limits = HTTPRequestParser.Limits()
        (limits.head, limits.body, limits.smallBody, limits.discardedBody) = (512, 64, 16, 1024)
        return limits
    }()

    static func test(_ input: [UInt8]) {
        guard let first = input.first else { return }
        let bytes = Array(input.dropFirst())
        let whole = outcome(of: [bytes[...]])
        let cut = outcome(of: pieces(of: bytes, length: Int(first % 16) + 1))
        // A client that asks first is answered by what has come of its body until then.
        if !asksFirst(bytes) {
            hold(whole == cut, "in pieces \(cut), whole \(whole)")
        }
        for request in whole.requests + cut.requests {
            if case .bytes(let body) = request.body {
                let limit = mayBeLarge(request) ? limits.body : limits.smallBody
                hold(body.count <= limit, "a body of \(body.count) bytes")
            }
            let fields = request.authorization.count + request.errorType.count + request.trailingErrorBody.count
            hold(fields <= bytes.count, "fields of \(fields) bytes in \(bytes.count)")
        }
    }

    private static func mayBeLarge(_ request: HTTPRequest) -> Bool { request.method == .post }

    private struct Outcome: Equatable {
        var requests: [HTTPRequest] = []
        var error: HTTPError?
    }

    private static func outcome(of pieces: [ArraySlice<UInt8>]) -> Outcome {
        var parser = HTTPRequestParser(limits: limits)
        var outcome = Outcome()
        var appended = 0
        do throws(HTTPError) {
            for piece in pieces {
                piece.withUnsafeBytes { parser.append($0) }
                appended += piece.count
                while let request = try parser.next(allowing: mayBeLarge) { outcome.requests.append(request) }
                if parser.awaitsContinue { parser.continued() }
                hold(0...appended ~= parser.buffered, "\(parser.buffered) bytes buffered of \(appended)")
            }
        } catch {
            outcome.error = error
            hold((400...599).contains(error.status), "status \(error.status)")
            do throws(HTTPError) {
                let more = try parser.next()
                hold(false, "\(more.map { "\($0)" } ?? "nothing") after an error")
            } catch let again {
                hold(again == error, "\(again) after \(error)")
            }
        }
        return outcome
    }

    private static func asksFirst(_ bytes: [UInt8]) -> Bool {
        let word = Array("100-continue".utf8)
        let lower = bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        return lower.indices.contains { lower[$0...].starts(with: word) }
    }

    static let seeds: [[UInt8]] = texts.flatMap { text in [0, 6, 15].map { [$0] + Array(text.utf8) } }

    private static let texts = [
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nUser-Agent: aws-lambda-python/3.11\r\n\r\n",
        "POST /2018-06-01/runtime/invocation/1b2c/response HTTP/1.1\r\nContent-Length: 13\r\n\r\n{\"answer\": 42}GET / HTTP/1.1\r\n\r\n",
        "POST /2018-06-01/runtime/invocation/x/error HTTP/1.0\r\nLambda-Runtime-Function-Error-Type: Runtime.E\r\n"
            + "Content-Type: application/json\r\ncontent-length: 2\r\nConnection: keep-alive\r\n\r\n{}",
        "POST /2018-06-01/runtime/invocation/x/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
            + "Lambda-Runtime-Function-Response-Mode: streaming\r\nTrailer: Lambda-Runtime-Function-Error-Type\r\n\r\n"
            + "4;name=value\r\nWiki\r\nA\r\n0123456789\r\n0\r\nLambda-Runtime-Function-Error-Type: Broken\r\n"
            + "Lambda-Runtime-Function-Error-Body: eyJ9\r\n\r\n",
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nabcde",
        "\r\nGET /2021-04-23/credentials HTTP/1.1\r\nAuthorization: token\r\nConnection: close\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\nHost: x\n\n", "GET  / HTTP/2.0\r\n\r\n",
        "GET /2018-06-01/runtime/restore/next HTTP/1.1\r\n folded: x\r\n\r\n",
    ]
}
