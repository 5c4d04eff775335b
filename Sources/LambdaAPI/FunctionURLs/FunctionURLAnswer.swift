import Foundation
import FunctionModel
import HTTPTypes
import Hummingbird
import NIOCore

/// What a function returns, as the HTTP response that its URL answers.
///
/// An object with a `statusCode` says status, headers, cookies and body; everything else is the body of a 200.
enum FunctionURLAnswer {
    /// - Throws: ``Malformed`` when it says something that no HTTP response can.
    static func response(_ payload: [UInt8]) throws(Malformed) -> Response {
        let value = try? JSONSerialization.jsonObject(with: Data(payload), options: .fragmentsAllowed)
        if let object = value as? [String: Any], let status = object["statusCode"] {
            return try response(object, status: try self.status(status))
        }
        let body = (value as? String).map { Array($0.utf8) } ?? compact(payload)
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    struct Malformed: Error {}

    /// The same for a URL whose InvokeMode is RESPONSE_STREAM: nothing but the body, after a prelude and eight NULs where the
    /// function used `HttpResponseStream`.
    static func streamed(_ payload: [UInt8]) throws(Malformed) -> Response {
        guard payload.first == UInt8(ascii: "{"), let end = payload.firstRange(of: separator) else {
            return Response(
                status: .ok, headers: [.contentType: "application/octet-stream"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: payload)))
        }
        var (status, headers) = try prelude(Array(payload[..<end.lowerBound]))
        if headers[.contentType] == nil { headers[.contentType] = "application/octet-stream" }
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: payload[end.upperBound...])))
    }

    static let separator = [UInt8](repeating: 0, count: 8)

    /// What stands before the body of a streamed response: the same members but the body.
    static func prelude(_ bytes: [UInt8]) throws(Malformed) -> (
        status: HTTPResponse.Status, headers: HTTPFields
    ) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
            throw Malformed()
        }
        return (try status(object["statusCode"] ?? 200), try headers(object))
    }

    /// A function that failed, or whose answer is none.
    static var failure: Response {
        Response(
            status: .badGateway, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: "Internal Server Error")))
    }

    private static func response(_ object: [String: Any], status: HTTPResponse.Status) throws(Malformed) -> Response {
        var headers = try headers(object)
        if headers[.contentType] == nil { headers[.contentType] = "application/json" }
        let body = try body(object["body"], isBase64: object["isBase64Encoded"] as? Bool ?? false)
        // Neither has a body.
        guard status.code != 204, status.code != 304 else {
            headers[.contentType] = nil
            return Response(status: status, headers: headers)
        }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    private static func status(_ value: Any) throws(Malformed) -> HTTPResponse.Status {
        let code = (value as? NSNumber)?.intValue ?? (value as? String).flatMap { Int($0) }
        guard let code, (200...599).contains(code) else { throw Malformed() }
        return HTTPResponse.Status(code: code)
    }

    private static func body(_ value: Any?, isBase64: Bool) throws(Malformed) -> [UInt8] {
        switch value {
        case nil, is NSNull: return []
        case let text as String:
            guard isBase64 else { return Array(text.utf8) }
            guard let data = Data(base64Encoded: text) else { throw Malformed() }
            return [UInt8](data)
        case let other?:
            guard
                let data = try? JSONSerialization.data(
                    withJSONObject: other, options: [.fragmentsAllowed, .withoutEscapingSlashes])
            else { throw Malformed() }
            return [UInt8](data)
        }
    }

    private static func headers(_ object: [String: Any]) throws(Malformed) -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in (object["headers"] as? [String: Any] ?? [:]).sorted(by: { $0.key < $1.key }) {
            let text = (value as? String) ?? (value as? NSNumber).map(Self.text)
            guard let text, let own = fieldName(name) else { throw Malformed() }
            fields.append(HTTPField(name: own, value: text))
        }
        for cookie in object["cookies"] as? [Any] ?? [] {
            guard let cookie = cookie as? String else { throw Malformed() }
            fields.append(HTTPField(name: .setCookie, value: cookie))
        }
        return fields
    }

    /// JSON's true is a number to Foundation.
    private static func text(_ number: NSNumber) -> String {
        String(cString: number.objCType) == "c" ? String(number.boolValue) : number.stringValue
    }

    /// What frames the message is this server's to say. A function's word on it is shown under another name, as on AWS.
    private static func fieldName(_ name: String) -> HTTPField.Name? {
        guard framing.contains(name.lowercased()) else { return HTTPField.Name(name) }
        return HTTPField.Name("x-amzn-Remapped-\(name)")
    }

    private static let framing: Set<String> = [
        "connection", "content-length", "date", "host", "keep-alive", "server", "te", "trailer", "transfer-encoding",
        "upgrade", "x-amzn-requestid",
    ]

    /// JSON without the space between its parts, which AWS leaves out.
    static func compact(_ json: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(json.count)
        var (isText, isEscaped) = (false, false)
        for byte in json {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isText = true
            } else if byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
                continue
            }
            bytes.append(byte)
        }
        return bytes
    }
}
