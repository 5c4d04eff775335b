/// One request a runtime made, reduced to what the Runtime API looks at.
package struct HTTPRequest: Sendable, Equatable {
    package enum Method: Sendable, Equatable { case get, post, put, other }

    /// `Lambda-Runtime-Function-Response-Mode`.
    package enum ResponseMode: Sendable, Equatable { case buffered, streaming, invalid }

    package enum Body: Sendable, Equatable {
        case bytes([UInt8])
        /// Was handed on in parts as it arrived; so many bytes.
        case parts(Int)
        /// Longer than AWS's payload limit; read to its end and dropped.
        case tooLarge
    }

    package var method: Method
    package var route: Route
    /// Whether the connection stays open after the answer.
    package var keepAlive: Bool
    package var authorization: [UInt8] = []
    /// `Lambda-Runtime-Function-Error-Type`, from the head or, in streaming mode, from the trailers.
    package var errorType: [UInt8] = []
    /// `Content-Type` of a request in streaming mode; not looked at for others.
    package var contentType: [UInt8] = []
    package var responseMode = ResponseMode.buffered
    /// `Lambda-Runtime-Function-Error-Body` of the trailers: base64.
    package var trailingErrorBody: [UInt8] = []
    /// The trailers named an error type: the streamed answer failed half way.
    package var failedInTrailers = false
    /// `Lambda-Extension-Name`.
    package var extensionName: [UInt8] = []
    /// `Lambda-Extension-Identifier`.
    package var extensionIdentifier: [UInt8] = []
    /// `Lambda-Extension-Function-Error-Type`.
    package var extensionErrorType: [UInt8] = []
    package var body = Body.bytes([])

    package init(method: Method, route: Route, keepAlive: Bool) {
        self.method = method
        self.route = route
        self.keepAlive = keepAlive
    }
}

/// Why bytes are not a request. The connection is answered with ``status`` and closed.
package enum HTTPError: Error, Sendable, Equatable {
    case malformed(StaticReason)
    case headTooLarge
    case bodyTooLarge
    case unsupportedTransferEncoding
    case unsupportedVersion

    /// The part of the request that was wrong, for tests and logs.
    package enum StaticReason: Sendable, Equatable {
        case requestLine, headerName, headerValue, lineEnding
        case contentLength, conflictingLengths, chunkSize, chunkEnd, expectation
    }

    package var status: Int {
        switch self {
        case .malformed(.expectation): 417
        case .malformed: 400
        case .headTooLarge: 431
        case .bodyTooLarge: 413
        case .unsupportedTransferEncoding: 501
        case .unsupportedVersion: 505
        }
    }
}
