/// A request head: the request line and the few header fields the Runtime API reads. All others are checked and skipped.
struct HTTPHead {
    enum Framing: Equatable {
        case length(Int)
        case chunked
    }

    private(set) var request: HTTPRequest
    private(set) var framing = Framing.length(0)
    private(set) var expectsContinue = false
    private var hasLength = false
    /// Within the bytes that are being read.
    private var contentType: Bytes?

    /// - Parameter bytes: the head with the empty line that ends it.
    init(_ bytes: UnsafeBufferPointer<UInt8>) throws(HTTPError) {
        var rest = Bytes(bytes)
        request = try Self.requestLine(try Self.line(&rest))
        while true {
            let line = try Self.line(&rest)
            if line.count == 0 { break }
            try read(line)
        }
        // Copied only where somebody wants it: most requests have one.
        if request.responseMode == .streaming, let contentType { request.contentType = contentType.copy() }
        contentType = nil
    }

    /// Cuts the next line off `rest`. The caller has made sure that the head ends in an empty line.
    private static func line(_ rest: inout Bytes) throws(HTTPError) -> Bytes {
        guard let end = rest.firstIndex(of: lineFeed), end > 0, rest[end - 1] == carriageReturn else {
            throw .malformed(.lineEnding)
        }
        let line = rest.prefix(end - 1)
        rest = rest.dropFirst(end + 1)
        return line
    }

    // MARK: - Request line

    private static func requestLine(_ line: Bytes) throws(HTTPError) -> HTTPRequest {
        var rest = line
        let method: HTTPRequest.Method
        if rest.drop("GET ") {
            method = .get
        } else if rest.drop("POST ") {
            method = .post
        } else if rest.drop("PUT ") {
            method = .put
        } else {
            guard let space = rest.firstIndex(of: UInt8(ascii: " ")), space > 0, rest.prefix(space).isToken else {
                throw .malformed(.requestLine)
            }
            method = .other
            rest = rest.dropFirst(space + 1)
        }
        guard let space = rest.firstIndex(of: UInt8(ascii: " ")), space > 0 else { throw .malformed(.requestLine) }
        let target = rest.prefix(space)
        guard target.isPrintable else { throw .malformed(.requestLine) }
        let version = rest.dropFirst(space + 1)
        guard version.hasPrefix("HTTP/"), version.count == 8 else { throw .malformed(.requestLine) }
        guard version.hasPrefix("HTTP/1.") else { throw .unsupportedVersion }
        return HTTPRequest(method: method, route: Route(target: target), keepAlive: !version.equals("HTTP/1.0"))
    }

    // MARK: - Fields

    private mutating func read(_ line: Bytes) throws(HTTPError) {
        let (name, value) = try Self.field(line)
        // The length of a name tells most apart without looking at a byte.
        switch name.count {
        case 6 where name.equalsIgnoringCase("expect"):
            guard value.equalsIgnoringCase("100-continue") else { throw .malformed(.expectation) }
            expectsContinue = true
        case 10 where name.equalsIgnoringCase("connection"):
            if value.equalsIgnoringCase("close") { request.keepAlive = false }
            if value.equalsIgnoringCase("keep-alive") { request.keepAlive = true }
        case 12 where name.equalsIgnoringCase("content-type"): contentType = value
        case 13 where name.equalsIgnoringCase("authorization"): request.authorization = value.copy()
        case 14 where name.equalsIgnoringCase("content-length"): try readLength(value)
        case 17 where name.equalsIgnoringCase("transfer-encoding"):
            guard value.equalsIgnoringCase("chunked") else { throw .unsupportedTransferEncoding }
            guard !hasLength, framing != .chunked else { throw .malformed(.conflictingLengths) }
            framing = .chunked
        case 21 where name.equalsIgnoringCase("lambda-extension-name"): request.extensionName = value.copy()
        case 27 where name.equalsIgnoringCase("lambda-extension-identifier"):
            request.extensionIdentifier = value.copy()
        case 36 where name.equalsIgnoringCase("lambda-extension-function-error-type"):
            request.extensionErrorType = value.copy()
        case 34 where name.equalsIgnoringCase("lambda-runtime-function-error-type"): request.errorType = value.copy()
        case 37 where name.equalsIgnoringCase("lambda-runtime-function-response-mode"):
            if value.count > 0 { request.responseMode = value.equals("streaming") ? .streaming : .invalid }
        default: break
        }
    }

    private mutating func readLength(_ value: Bytes) throws(HTTPError) {
        guard framing != .chunked else { throw .malformed(.conflictingLengths) }
        guard value.count > 0 else { throw .malformed(.contentLength) }
        var length = 0
        for index in 0..<value.count {
            let digit = Int(value[index]) - 48
            guard digit >= 0, digit <= 9 else { throw .malformed(.contentLength) }
            guard length < 1 << 50 else { throw .bodyTooLarge }
            length = length * 10 + digit
        }
        guard !hasLength || framing == .length(length) else { throw .malformed(.conflictingLengths) }
        hasLength = true
        framing = .length(length)
    }

    /// Splits `name: value`.
    private static func field(_ line: Bytes) throws(HTTPError) -> (name: Bytes, value: Bytes) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { throw .malformed(.headerName) }
        let name = line.prefix(colon)
        guard name.isToken else { throw .malformed(.headerName) }
        let value = line.dropFirst(colon + 1).trimmed()
        guard value.isFieldValue else { throw .malformed(.headerValue) }
        return (name, value)
    }

    /// Reads one line after the last chunk. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
    static func readTrailer(_ line: Bytes, into request: inout HTTPRequest) throws(HTTPError) {
        let (name, value) = try field(line)
        if name.equalsIgnoringCase("lambda-runtime-function-error-type"), value.count > 0 {
            request.errorType = value.copy()
            request.failedInTrailers = true
        } else if name.equalsIgnoringCase("lambda-runtime-function-error-body") {
            request.trailingErrorBody = value.copy()
        }
    }
}

extension Bytes {
    /// Only characters of an RFC 9110 token.
    fileprivate var isToken: Bool {
        for index in 0..<count {
            switch self[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
                UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
                continue
            default: return false
            }
        }
        return true
    }

    fileprivate var isPrintable: Bool {
        for index in 0..<count where self[index] <= 0x20 || self[index] == 0x7F { return false }
        return true
    }

    /// No control characters but the tab.
    fileprivate var isFieldValue: Bool {
        for index in 0..<count where self[index] < 0x20 && self[index] != 9 || self[index] == 0x7F { return false }
        return true
    }
}
