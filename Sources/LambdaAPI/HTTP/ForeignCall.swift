import Foundation
import FunctionModel
import HTTPTypes
import Hummingbird
import NIOCore

/// A call of another AWS service, which clients send here when they were told one endpoint for all.
///
/// It is refused in the form of that service's own protocol: to a client, anything else is a broken answer rather than an error.
struct ForeignCall: Sendable {
    enum WireProtocol: Sendable {
        /// A form in, XML out.
        case query
        case ec2
        case restXML
        case json(type: String)
        case cbor
    }

    let wireProtocol: WireProtocol
    /// As the client's signature names it; nil without one.
    let service: String?
    let action: String?

    /// Nil for what may be a call of Lambda's API.
    init?(_ request: Request) async {
        service = Self.service(of: request)
        if let target = request.headers[.amznTarget] {
            wireProtocol = .json(type: request.headers[.contentType] ?? "application/x-amz-json-1.1")
            action = target.split(separator: ".").last.map { String($0.prefix(128)) }
        } else if request.headers[.smithyProtocol] == "rpc-v2-cbor" {
            wireProtocol = .cbor
            action = request.uri.path.split(separator: "/").last.map { String($0.prefix(128)) }
        } else if let action = await Self.queryAction(of: request) {
            wireProtocol = service == "ec2" ? .ec2 : .query
            self.action = action
        } else if let service, Self.servicesInXML.contains(service) {
            wireProtocol = .restXML
            action = nil
        } else {
            return nil
        }
    }

    func refusal(requestID: String) -> Response {
        let code = "UnknownOperationException"
        let message = message
        let (type, body): (String, [UInt8]) =
            switch wireProtocol {
            case .json(let type): (type, Self.json(["__type": code, "message": message]))
            case .cbor: ("application/cbor", Self.cbor(["__type": code, "message": message]))
            case .query:
                (
                    "text/xml",
                    Array(
                        """
                        <ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(Self.escaped(message))</Message>\
                        </Error><RequestId>\(requestID)</RequestId></ErrorResponse>
                        """.utf8)
                )
            case .ec2:
                (
                    "text/xml",
                    Array(
                        """
                        <Response><Errors><Error><Code>\(code)</Code><Message>\(Self.escaped(message))</Message></Error>\
                        </Errors><RequestID>\(requestID)</RequestID></Response>
                        """.utf8)
                )
            case .restXML:
                (
                    "application/xml",
                    Array(
                        """
                        <Error><Code>\(code)</Code><Message>\(Self.escaped(message))</Message>\
                        <RequestId>\(requestID)</RequestId></Error>
                        """.utf8)
                )
            }
        var headers: HTTPFields = [.contentType: type, .amznErrorType: code]
        if case .cbor = wireProtocol { headers[.smithyProtocol] = "rpc-v2-cbor" }
        return Response(
            status: .notFound, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    private var message: String {
        let call = [service, action].compactMap { $0 }.joined(separator: ":")
        return """
            This server has the AWS Lambda API alone, and \(call.isEmpty ? "this call" : call) is no part of it. \
            AWS_ENDPOINT_URL_LAMBDA instead of AWS_ENDPOINT_URL sends Lambda's calls here and leaves the others where they belong.
            """
    }

    /// What the signature's scope names: `Credential=ID/20150830/us-east-1/SERVICE/aws4_request`.
    private static func service(of request: Request) -> String? {
        guard let authorization = request.headers[.authorization],
            let scope = authorization.split(separator: "Credential=").dropFirst().first
        else { return nil }
        let parts = scope.prefix { $0 != "," }.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 5, !parts[parts.count - 2].isEmpty else { return nil }
        let name = parts[parts.count - 2]
        return name.utf8.count <= 64 && name.utf8.allSatisfy(isNameCharacter) ? String(name) : nil
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func queryAction(of request: Request) async -> String? {
        if request.uri.path == "/", let action = request.queryItem("Action") { return String(action.prefix(128)) }
        guard request.method == .post,
            request.headers[.contentType]?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true,
            let body = try? await request.wholeBody(
                limit: Limits.controlRequest, tooLarge: { _ in .requestTooLarge(operation: "Query") })
        else { return nil }
        let field = String(decoding: body, as: UTF8.self).split(separator: "&").first { $0.hasPrefix("Action=") }
        return field.map { String($0.dropFirst("Action=".count).prefix(128)) }
    }

    /// Those that speak REST with XML.
    private static let servicesInXML: Set<String> = ["s3", "s3-outposts", "s3express", "route53", "cloudfront"]

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static func json(_ members: [String: String]) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(members)).map { [UInt8]($0) } ?? []
    }

    /// A map of texts (RFC 8949).
    static func cbor(_ members: [String: String]) -> [UInt8] {
        var bytes = [0xA0 | UInt8(members.count)]
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            for text in [name, value] {
                let count = text.utf8.count
                bytes +=
                    count < 24
                    ? [0x60 | UInt8(count)]
                    : [0x79, UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
                bytes += text.utf8
            }
        }
        return bytes
    }
}
