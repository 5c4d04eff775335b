import Foundation
import FunctionModel
import HTTPTypes
import Hummingbird
import SigV4

/// A request as the event that its function gets: AWS's payload format 2.0.
struct FunctionURLEvent: Encodable {
    let version = "2.0"
    let routeKey = "$default"
    let rawPath: String
    let rawQueryString: String
    var cookies: [String]?
    var headers: [String: String]
    var queryStringParameters: [String: String]?
    var requestContext: RequestContext
    var body: String?
    var isBase64Encoded = false

    struct RequestContext: Encodable {
        var accountId: String
        var apiId: String
        var authorizer: Authorizer?
        var domainName: String
        var domainPrefix: String
        var http: HTTP
        var requestId: String
        let routeKey = "$default"
        let stage = "$default"
        var time: String
        var timeEpoch: Int
    }

    struct HTTP: Encodable {
        var method: String
        var path: String
        var `protocol` = "HTTP/1.1"
        var sourceIp: String
        var userAgent: String
    }

    struct Authorizer: Encodable {
        var iam: IAM

        struct IAM: Encodable {
            var accessKey: String
            var accountId: String
            var callerId: String
            var cognitoIdentity: String?
            var principalOrgId: String?
            var userArn: String
            var userId: String

            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(accessKey, forKey: .accessKey)
                try container.encode(accountId, forKey: .accountId)
                try container.encode(callerId, forKey: .callerId)
                // Null on AWS, and not absent.
                try container.encode(cognitoIdentity, forKey: .cognitoIdentity)
                try container.encode(principalOrgId, forKey: .principalOrgId)
                try container.encode(userArn, forKey: .userArn)
                try container.encode(userId, forKey: .userId)
            }

            private enum CodingKeys: String, CodingKey {
                case accessKey, accountId, callerId, cognitoIdentity, principalOrgId, userArn, userId
            }
        }
    }

    /// - Parameters:
    ///   - sourceAddress: the client's.
    ///   - milliseconds: now, since 1970.
    init(
        _ request: Request, target: FunctionURLTarget, body bytes: [UInt8], requestID: String, traceID: String,
        sourceAddress: String, milliseconds: Int, port: Int
    ) {
        let host = request.head.authority ?? ""
        rawPath = target.path.isEmpty ? "/" : target.path
        rawQueryString = request.uri.query ?? ""
        headers = Self.headers(of: request, host: host)
        headers["x-amzn-trace-id"] = traceID
        headers["x-forwarded-for"] = sourceAddress
        headers["x-forwarded-port"] = String(port)
        cookies = Self.cookies(of: request)
        queryStringParameters = Self.parameters(of: rawQueryString)
        requestContext = RequestContext(
            accountId: "anonymous", apiId: target.id, domainName: Self.name(in: host),
            domainPrefix: target.id,
            http: HTTP(
                method: request.method.rawValue, path: rawPath, sourceIp: sourceAddress,
                userAgent: headers["user-agent"] ?? ""),
            requestId: requestID, time: Self.text(of: SigningTime(seconds: milliseconds / 1_000)),
            timeEpoch: milliseconds)
        guard !bytes.isEmpty else { return }
        if Self.isText(headers["content-type"]), let text = String(validating: bytes, as: UTF8.self) {
            body = text
        } else {
            body = Data(bytes).base64EncodedString()
            isBase64Encoded = true
        }
    }

    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return [UInt8](try encoder.encode(self))
    }

    private static func headers(of request: Request, host: String) -> [String: String] {
        var headers = ["host": host]
        for field in request.headers {
            let name = field.name.canonicalName
            guard !hidden.contains(name) else { continue }
            headers[name] = headers[name].map { "\($0),\(field.value)" } ?? field.value
        }
        return headers
    }

    /// What is between the client and this server alone, or told in another place of the event.
    private static let hidden: Set<String> = [
        "connection", "keep-alive", "transfer-encoding", "upgrade", "cookie", "expect",
    ]

    private static func cookies(of request: Request) -> [String]? {
        let all = request.headers[values: .cookie].flatMap { header in
            header.split(separator: ";").map { String($0.drop { $0 == " " }) }
        }
        return all.isEmpty ? nil : all
    }

    private static func parameters(of query: String) -> [String: String]? {
        let items = URIText.items(of: query.replacing("+", with: "%20"))
        guard !items.isEmpty else { return nil }
        return Dictionary(items.map { ($0.name, $0.value) }) { "\($0),\($1)" }
    }

    private static func name(in authority: String) -> String {
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return authority }
        return String(authority[..<colon])
    }

    /// Whether bodies of this type are texts in events.
    private static func isText(_ type: String?) -> Bool {
        guard let name = type?.lowercased().split(separator: ";").first.map({ $0.filter { $0 != " " } }) else {
            return false
        }
        return name.hasPrefix("text/") || name.hasSuffix("+json") || name.hasSuffix("+xml")
            || ["application/json", "application/xml", "application/javascript"].contains(name)
    }

    /// `12/Mar/2020:19:03:58 +0000`
    private static func text(of time: SigningTime) -> String {
        let stamp = Array(time.stamp.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: stamp[range], as: UTF8.self) }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let month = months[((Int(part(4..<6)) ?? 1) + 11) % 12]
        return "\(part(6..<8))/\(month)/\(part(0..<4)):\(part(9..<11)):\(part(11..<13)):\(part(13..<15)) +0000"
    }
}
