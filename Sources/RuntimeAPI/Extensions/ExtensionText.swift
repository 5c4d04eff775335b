internal import Basics
internal import GuestProtocol

/// The bytes of the Extensions API's answers, in AWS's words.
enum ExtensionText {
    static func registered(_ id: String, _ function: FunctionIdentity?) -> [UInt8] {
        var body: [UInt8] = []
        body.append(#"{"functionName":"#)
        body.append(json: function?.name ?? "")
        body.append(#","functionVersion":"#)
        body.append(json: function?.version ?? "")
        body.append(#","handler":"#)
        body.append(json: function?.handler ?? "")
        body.append("}\n")
        return answer("200 OK", "Lambda-Extension-Identifier: \(id)\r\n", body)
    }

    static func invoke(_ invocation: Invocation) -> [UInt8] {
        var body: [UInt8] = []
        body.append(#"{"eventType":"INVOKE","deadlineMs":"#)
        body.append(decimal: invocation.deadlineMilliseconds)
        body.append(#","requestId":"#)
        body.append(json: invocation.requestID)
        body.append(#","invokedFunctionArn":"#)
        body.append(json: invocation.invokedFunctionARN)
        if let traceID = invocation.traceID {
            body.append(#","tracing":{"type":"X-Amzn-Trace-Id","value":"#)
            body.append(json: traceID)
            body.append("}")
        }
        body.append("}\n")
        return body
    }

    /// One event for one extension.
    static func event(_ body: [UInt8]) -> [UInt8] {
        answer("200 OK", "Lambda-Extension-Event-Identifier: \(makeID())\r\n", body)
    }

    static func refusal(_ type: String, _ message: String) -> [UInt8] {
        answer("403 Forbidden", "", error(type, message))
    }

    /// What AWS's own emulator answers to subscriptions that it does not serve, so that extensions go on without.
    static func notSupported(_ api: String) -> [UInt8] {
        answer("202 Accepted", "", error("\(api).NotSupported", "\(api) API is not supported"))
    }

    /// What an extension's failure makes of init or of an invocation.
    static func failure(_ type: String, of name: String, _ reason: String) -> [UInt8] {
        error(type, "Extension \(name) failed: \(reason)")
    }

    private static func error(_ type: String, _ message: String) -> [UInt8] {
        var body: [UInt8] = []
        body.append(#"{"errorMessage":"#)
        body.append(json: message)
        body.append(#","errorType":"#)
        body.append(json: type)
        body.append("}\n")
        return body
    }

    private static func answer(_ status: String, _ fields: String, _ body: [UInt8]) -> [UInt8] {
        var out = Array("HTTP/1.1 \(status)\r\n\(fields)Content-Type: application/json\r\nContent-Length: ".utf8)
        out.append(decimal: body.count)
        out.append("\r\n\r\n")
        out.append(contentsOf: body)
        return out
    }

    /// A random UUID.
    static func makeID() -> String {
        var bytes: [UInt8] = []
        for word in [UInt64.random(in: 0 ... .max), .random(in: 0 ... .max)] {
            withUnsafeBytes(of: word) { bytes.append(contentsOf: $0) }
        }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            for digit in [Hexadecimal.digit(byte >> 4), Hexadecimal.digit(byte & 0x0F)] {
                text.unicodeScalars.append(Unicode.Scalar(digit))
            }
        }
        return text
    }

    /// Whether a text has a UUID's form.
    static func isID(_ text: [UInt8]) -> Bool {
        text.count == 36
            && text.enumerated().allSatisfy { index, byte in
                [8, 13, 18, 23].contains(index)
                    ? byte == UInt8(ascii: "-") : Hexadecimal.value(of: byte) != nil
            }
    }
}
