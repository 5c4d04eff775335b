internal import Basics
internal import GuestProtocol

/// The bytes of the Runtime API's answers. Bodies are AWS's, to the byte.
enum ResponseText {
    static let continueFirst: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
    static let accepted: StaticString = """
        HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n
        """
    static let pong: StaticString = """
        HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n\r\npong
        """
    static let notFound: StaticString = """
        HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 19\r\n\r\n\
        404 page not found\n
        """
    static let methodNotAllowed: StaticString = "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n"
    static let unknownToken: StaticString = """
        HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 46\r\n\r\n\
        cannot get credentials for the provided token\n
        """
    static let invalidRequestID = error(
        "400 Bad Request", #"{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}"#)
    static let invalidResponseMode = error(
        "400 Bad Request",
        #"{"errorMessage":"Invalid function response mode","errorType":"InvalidFunctionResponseMode"}"#)
    static let tooLarge = error(
        "413 Request Entity Too Large",
        """
        {"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).",\
        "errorType":"RequestEntityTooLarge"}
        """)

    /// The payload of the failure that an answer beyond the limit becomes.
    static let oversizedResponse: StaticString = """
        {"errorType":"Function.ResponseSizeTooLarge",\
        "errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."}
        """

    static let oversizedStream: StaticString = """
        {"errorType":"Function.ResponseSizeTooLarge",\
        "errorMessage":"Response payload size exceeded maximum allowed payload size (209715200 bytes)."}
        """

    static func invalidTransition(from: String, to: String) -> [UInt8] {
        error(
            "403 Forbidden",
            """
            {"errorMessage":"State transition from \(from) to \(to) failed for runtime. \
            Error: State transition is not allowed","errorType":"InvalidStateTransition"}
            """)
    }

    /// An answer to bytes that are not a request; the connection closes after it.
    static func refusal(_ status: Int) -> [UInt8] {
        let reason =
            switch status {
            case 413: "Request Entity Too Large"
            case 417: "Expectation Failed"
            case 431: "Request Header Fields Too Large"
            case 501: "Not Implemented"
            case 505: "HTTP Version Not Supported"
            default: "Bad Request"
            }
        return Array(
            """
            HTTP/1.1 \(status) \(reason)\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\
            Content-Length: \(reason.utf8.count + 4)\r\n\r\n\(status) \(reason)
            """.utf8)
    }

    /// AWS ends JSON bodies with a line feed.
    private static func error(_ status: String, _ body: String) -> [UInt8] {
        Array(
            """
            HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count + 1)\r\n\r\n\(body)\n
            """.utf8)
    }

    static func invocation(_ invocation: Invocation) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(invocation.payload.count + 512 + (invocation.clientContext?.utf8.count ?? 0))
        out.append("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: ")
        out.append(fieldValue: invocation.requestID)
        out.append("\r\nLambda-Runtime-Deadline-Ms: ")
        out.append(decimal: invocation.deadlineMilliseconds)
        out.append("\r\nLambda-Runtime-Invoked-Function-Arn: ")
        out.append(fieldValue: invocation.invokedFunctionARN)
        if let traceID = invocation.traceID {
            out.append("\r\nLambda-Runtime-Trace-Id: ")
            out.append(fieldValue: traceID)
        }
        if let clientContext = invocation.clientContext {
            out.append("\r\nLambda-Runtime-Client-Context: ")
            out.append(fieldValue: clientContext)
        }
        out.append("\r\nContent-Length: ")
        out.append(decimal: invocation.payload.count)
        out.append("\r\n\r\n")
        out.append(contentsOf: invocation.payload)
        return out
    }

    /// AWS's answer to `/runtime/restore/next`, and in headers what no two clones may share.
    static func restored(_ identity: Uniqueness) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(256)
        out.append("HTTP/1.1 200 OK\r\nThaw-Generation: ")
        out.append(decimal: identity.generation)
        out.append("\r\nThaw-Entropy: ")
        out.append(base64: identity.entropy)
        out.append("\r\nThaw-Wall-Clock: ")
        out.append(decimal: identity.wallClockNanoseconds)
        out.append("\r\nContent-Length: 0\r\n\r\n")
        return out
    }

    static func json(_ body: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(body.count + 128)
        out.append("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ")
        out.append(decimal: body.count)
        out.append("\r\n\r\n")
        out.append(contentsOf: body)
        return out
    }

    static func credentials(_ credentials: Credentials) -> [UInt8] {
        var body: [UInt8] = []
        body.append(#"{"AccessKeyId":"#)
        body.append(json: credentials.accessKeyID)
        body.append(#","SecretAccessKey":"#)
        body.append(json: credentials.secretAccessKey)
        body.append(#","Token":"#)
        body.append(json: credentials.sessionToken)
        body.append(#","Expiration":"#)
        body.append(json: credentials.expiration)
        body.append("}")
        var out: [UInt8] = []
        out.append("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ")
        out.append(decimal: body.count)
        out.append("\r\n\r\n")
        out.append(contentsOf: body)
        return out
    }
}

extension [UInt8] {
    /// Appends text as one header value: what could end the header early becomes a space. In JSON, where a client
    /// context comes from, line breaks occur between tokens only, so that changes nothing.
    fileprivate mutating func append(fieldValue text: String) {
        let start = count
        append(contentsOf: text.utf8)
        for index in start..<count where self[index] < 0x20 { self[index] = UInt8(ascii: " ") }
    }

    /// Appends a JSON string with its quotes.
    mutating func append(json text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0..<0x20:
                append("\\u00")
                append(Hexadecimal.digit(byte >> 4))
                append(Hexadecimal.digit(byte))
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}
