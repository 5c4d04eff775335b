internal import Basics
internal import Glibc

/// Cuts a byte stream into HTTP/1.1 requests: incremental, strict, and without opinions about what they ask.
///
/// Handles keep-alive, pipelining, `Content-Length`, chunked bodies with trailers and `Expect: 100-continue`. What could be
/// read in two ways (two lengths, folded headers, bare line feeds) is refused, never guessed. RFC 9112.
package struct HTTPRequestParser {
    package struct Limits: Sendable {
        /// Request line and header fields. AWS's error cause header alone may have 1 MiB.
        package var head = 1 << 20 + 1 << 16
        /// A longer body is read to its end and reported as ``HTTPRequest/Body/tooLarge``.
        package var body = 6_291_556
        /// A body may be longer than this only if whoever reads the requests says so, see ``next(allowing:)``.
        package var smallBody = 16 << 10
        /// A body longer than this is not even read to its end.
        package var discardedBody = 256 << 20

        package init() {}
    }

    private enum Stage {
        case head
        case fixedBody(HTTPRequest, remaining: Int)
        case chunkSize(HTTPRequest)
        case chunkData(HTTPRequest, remaining: Int)
        case chunkEnd(HTTPRequest)
        case trailers(HTTPRequest)
        case failed(HTTPError)
    }

    private let limits: Limits
    private var stage = Stage.head
    private var buffer: [UInt8] = []
    private var position = 0
    /// How far the search for the end of the head has come, so that bytes arriving one by one are looked at once.
    private var searched = 0
    private var bodyLength = 0
    /// Of the body that is being read: that it may be longer than ``Limits/smallBody``.
    private var mayBeLarge = false
    /// Of a body that is handed on in parts: what has arrived and was not taken yet.
    private var part: [UInt8] = []
    /// The client waits for `100 Continue` before it sends the body.
    package private(set) var awaitsContinue = false

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// Bytes received and not yet part of a request.
    package var buffered: Int { buffer.count - position }

    /// Memory that holds what has been received and is no whole request yet.
    package var held: Int {
        let body: HTTPRequest.Body =
            switch stage {
            case .fixedBody(let request, _), .chunkSize(let request), .chunkData(let request, _),
                .chunkEnd(let request),
                .trailers(let request):
                request.body
            case .head, .failed: .tooLarge
            }
        return if case .bytes(let bytes) = body { buffer.capacity + bytes.count } else { buffer.capacity }
    }

    /// Whether no request has begun.
    package var isBetweenRequests: Bool {
        if case .head = stage { buffered == 0 } else { false }
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if position == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= Self.keptCapacity)
            position = 0
            searched = 0
        } else if position > 1 << 16 {
            buffer.removeFirst(position)
            searched = max(0, searched - position)
            position = 0
        }
        buffer.append(contentsOf: bytes)
    }

    private static let keptCapacity = 1 << 16

    /// Gives memory back that one long piece has taken, when all of it is understood.
    package mutating func trim() {
        guard position == buffer.count, buffer.capacity > Self.keptCapacity else { return }
        buffer = []
        position = 0
        searched = 0
    }

    /// `100 Continue` has been sent.
    package mutating func continued() { awaitsContinue = false }

    /// The next whole request, or nil when more bytes are needed. After an error there is no more.
    /// - Parameter isAllowed: asked once for a request whose head has been read, whether its body may be longer than
    ///   ``Limits/smallBody``; one that may not is read to its end and dropped, as one that is too long for all.
    /// - Parameter isInParts: asked once for a request in streaming mode, whether its body is to be handed on as it arrives:
    ///   call ``takePart()`` after each call of this.
    package mutating func next(
        allowing isAllowed: (HTTPRequest) -> Bool = { _ in true },
        inParts isInParts: (HTTPRequest) -> Bool = { _ in false }
    ) throws(HTTPError) -> HTTPRequest? {
        do throws(HTTPError) {
            while true {
                switch stage {
                case .head:
                    guard try readHead(isInParts) else { return nil }
                case .fixedBody(let request, let remaining):
                    stage = .head
                    guard let whole = readFixedBody(request, remaining, isAllowed) else { return nil }
                    return whole
                case .chunkSize(let request):
                    guard try readChunkSize(request) else { return nil }
                case .chunkData(let request, let remaining):
                    stage = .head
                    guard readChunkData(request, remaining, isAllowed) else { return nil }
                case .chunkEnd(let request):
                    guard try readChunkEnd(request) else { return nil }
                case .trailers(let request):
                    guard let line = try readLine(limit: limits.head, .headerValue) else { return nil }
                    if line.isEmpty {
                        stage = .head
                        return request
                    }
                    try readTrailer(line, of: request)
                case .failed(let error):
                    throw error
                }
            }
        } catch {
            stage = .failed(error)
            throw error
        }
    }

    /// What has arrived of a body that is handed on in parts; nil when nothing has, or there is no such body.
    package mutating func takePart() -> [UInt8]? {
        if part.isEmpty { return nil }
        defer { part = [] }
        return part
    }

    // MARK: - Head

    /// Moves past one request head; false when it is not complete yet.
    private mutating func readHead(_ isInParts: (HTTPRequest) -> Bool) throws(HTTPError) -> Bool {
        guard let end = try endOfHead() else { return false }
        let start = position
        let head = try buffer.withUnsafeBufferPointer { (bytes) throws(HTTPError) in
            try HTTPHead(UnsafeBufferPointer(rebasing: bytes[start..<end]))
        }
        position = end
        searched = end
        bodyLength = 0
        mayBeLarge = false
        var request = head.request
        if request.responseMode == .streaming, isInParts(request) { request.body = .parts(0) }
        switch head.framing {
        case .length(let length):
            guard length <= limits.discardedBody else { throw .bodyTooLarge }
            awaitsContinue = head.expectsContinue && length > 0 && buffered == 0
            if awaitsContinue, length > limits.body, case .bytes = request.body {
                // The client asks first: refused now, it need not send what would be dropped.
                awaitsContinue = false
                request.body = .tooLarge
                request.keepAlive = false
                stage = .fixedBody(request, remaining: 0)
            } else {
                stage = .fixedBody(request, remaining: length)
            }
        case .chunked:
            awaitsContinue = head.expectsContinue && buffered == 0
            stage = .chunkSize(request)
        }
        return true
    }

    /// The index after the empty line that ends the head.
    private mutating func endOfHead() throws(HTTPError) -> Int? {
        // An empty line before a request line is ignored (RFC 9112, 2.2).
        while buffered >= 2, buffer[position] == carriageReturn, buffer[position + 1] == lineFeed {
            position += 2
            searched = max(searched, position)
        }
        var index = max(searched, position)
        let end: Int? = buffer.withUnsafeBufferPointer { bytes in
            while index < bytes.count {
                if bytes[index] == lineFeed, index >= position + 3, bytes[index - 1] == carriageReturn,
                    bytes[index - 2] == lineFeed, bytes[index - 3] == carriageReturn
                {
                    return index + 1
                }
                index += 1
            }
            return nil
        }
        searched = index
        guard (end ?? buffer.count) - position <= limits.head else { throw .headTooLarge }
        return end
    }

    // MARK: - Body

    private mutating func take(
        _ wanted: Int, into request: inout HTTPRequest, _ isAllowed: (HTTPRequest) -> Bool
    ) -> Int {
        let taken = min(wanted, buffered)
        bodyLength += taken
        if case .parts = request.body {
            part.append(contentsOf: buffer[position..<position + taken])
            request.body = .parts(bodyLength)
            position += taken
            return taken
        }
        admit(bodyLength, of: &request, isAllowed)
        guard case .bytes(var bytes) = request.body else {
            position += taken
            return taken
        }
        request.body = .bytes([])
        if taken > 0 { bytes.append(contentsOf: buffer[position..<position + taken]) }
        request.body = .bytes(bytes)
        position += taken
        return taken
    }

    /// Drops the body if it may not have this length.
    private mutating func admit(_ length: Int, of request: inout HTTPRequest, _ isAllowed: (HTTPRequest) -> Bool) {
        guard length > min(limits.smallBody, limits.body), case .bytes = request.body else { return }
        if length <= limits.body, !mayBeLarge { mayBeLarge = isAllowed(request) }
        if length > limits.body || !mayBeLarge { request.body = .tooLarge }
    }

    private mutating func readFixedBody(
        _ partial: consuming HTTPRequest, _ remaining: Int, _ isAllowed: (HTTPRequest) -> Bool
    ) -> HTTPRequest? {
        var request = partial
        if bodyLength == 0 {
            admit(remaining, of: &request, isAllowed)
            if case .bytes(var bytes) = request.body {
                request.body = .bytes([])
                bytes.reserveCapacity(remaining)
                request.body = .bytes(bytes)
            }
        }
        let left = remaining - take(remaining, into: &request, isAllowed)
        if left == 0 {
            awaitsContinue = false
            return request
        }
        stage = .fixedBody(request, remaining: left)
        return nil
    }

    private mutating func readChunkSize(_ request: HTTPRequest) throws(HTTPError) -> Bool {
        guard let line = try readLine(limit: 256, .chunkSize) else { return false }
        awaitsContinue = false
        var size = 0
        var digits = 0
        for index in line {
            guard let digit = Hexadecimal.value(of: buffer[index]) else {
                // A chunk extension may follow; it is ignored (RFC 9112, 7.1.1).
                guard buffer[index] == UInt8(ascii: ";"), digits > 0 else { throw .malformed(.chunkSize) }
                break
            }
            digits += 1
            guard digits <= 8 else { throw .bodyTooLarge }
            size = size << 4 | Int(digit)
        }
        guard digits > 0 else { throw .malformed(.chunkSize) }
        guard bodyLength + size <= limits.discardedBody else { throw .bodyTooLarge }
        stage = size == 0 ? .trailers(request) : .chunkData(request, remaining: size)
        return true
    }

    private mutating func readChunkData(
        _ partial: consuming HTTPRequest, _ remaining: Int, _ isAllowed: (HTTPRequest) -> Bool
    ) -> Bool {
        var request = partial
        let left = remaining - take(remaining, into: &request, isAllowed)
        stage = left == 0 ? .chunkEnd(request) : .chunkData(request, remaining: left)
        return left == 0
    }

    private mutating func readChunkEnd(_ request: HTTPRequest) throws(HTTPError) -> Bool {
        guard buffered >= 2 else { return false }
        guard buffer[position] == carriageReturn, buffer[position + 1] == lineFeed else { throw .malformed(.chunkEnd) }
        position += 2
        stage = .chunkSize(request)
        return true
    }

    private mutating func readTrailer(_ line: Range<Int>, of partial: HTTPRequest) throws(HTTPError) {
        bodyLength += line.count
        guard bodyLength <= limits.discardedBody else { throw .bodyTooLarge }
        var request = partial
        try buffer.withUnsafeBufferPointer { (bytes) throws(HTTPError) in
            try HTTPHead.readTrailer(Bytes(UnsafeBufferPointer(rebasing: bytes[line])), into: &request)
        }
        stage = .trailers(request)
    }

    /// Moves past one line; its range without the line ending, or nil when it is not complete yet.
    private mutating func readLine(
        limit: Int, _ reason: HTTPError.StaticReason
    ) throws(HTTPError) -> Range<Int>? {
        var index = max(searched, position)
        while index < buffer.count, buffer[index] != lineFeed { index += 1 }
        searched = index
        guard index - position <= limit else { throw .malformed(reason) }
        guard index < buffer.count else { return nil }
        guard index > position, buffer[index - 1] == carriageReturn else { throw .malformed(.lineEnding) }
        defer { position = index + 1 }
        return position..<index - 1
    }
}

let carriageReturn = UInt8(ascii: "\r")
let lineFeed = UInt8(ascii: "\n")
