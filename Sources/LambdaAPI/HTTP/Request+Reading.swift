import Foundation
import FunctionModel
import Hummingbird
import NIOCore

extension Request {
    /// A part of the path, with percent signs decoded: clients send ARNs as `arn%3Aaws%3A…`.
    static func decoded(_ raw: Substring) -> String {
        guard raw.utf8.contains(UInt8(ascii: "%")) else { return String(raw) }
        // What is not percent-encoded UTF-8 is taken as it stands, and then fails AWS's pattern.
        return raw.removingPercentEncoding ?? String(raw)
    }

    func queryItem(_ name: String) -> String? { uri.queryParameters[name[...]].map(String.init) }

    /// Reads the whole body, at most `limit` bytes; throws `tooLarge` beyond that, before reading when the length is told
    /// ahead. When it is not, the size that `tooLarge` is given is the least it can be.
    package func wholeBody(limit: Int, tooLarge: (_ size: Int) -> LambdaError) async throws -> [UInt8] {
        let told = headers[.contentLength].flatMap { Int($0) }
        if let told, told > limit { throw tooLarge(told) }
        var bytes: [UInt8] = []
        for try await buffer in body {
            guard bytes.count + buffer.readableBytes <= limit else { throw tooLarge(limit + 1) }
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        return bytes
    }

    /// Reads the JSON body of a control call. No body at all is taken as `{}`, which is what clients send that have
    /// nothing to say.
    func members<Members: Decodable & Sendable>(
        _ type: Members.Type, limit: Int = Limits.controlRequest, operation: String
    ) async throws -> Members {
        let body = try await wholeBody(limit: limit) { _ in .requestTooLarge(operation: operation) }
        return try await BodyThreads.run { try Self.decoded(type, body) }
    }

    static func decoded<Members: Decodable>(_ type: Members.Type, _ body: [UInt8]) throws -> Members {
        do {
            let decoder = JSONDecoder()
            decoder.userInfo[.body] = body
            return try decoder.decode(type, from: body.isEmpty ? Data("{}".utf8) : Data(body))
        } catch let error as DecodingError {
            throw LambdaError.bodyIsNotJSON(error.explanation)
        }
    }
}

extension CodingUserInfoKey {
    /// The bytes that are decoded: a decoder does not tell in which order an object's members came.
    static let body = CodingUserInfoKey(rawValue: "body") ?? { preconditionFailure("a key of text is a key") }()
}

extension DecodingError {
    /// What is wrong, and at which member.
    var explanation: String {
        switch self {
        case .typeMismatch(let type, let context):
            "\(Self.path(context)) is not of type \(Self.name(of: type))"
        case .valueNotFound(_, let context): "\(Self.path(context)) is null"
        case .keyNotFound(let key, let context): "\(Self.path(context)) has no member '\(key.stringValue)'"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty ? "The body is not valid JSON." : "\(Self.path(context)) is not valid"
        @unknown default: "The body is not valid."
        }
    }

    private static func path(_ context: Context) -> String {
        context.codingPath.isEmpty ? "The body" : "'\(context.codingPath.map(\.stringValue).joined(separator: "."))'"
    }

    private static func name(of type: Any.Type) -> String {
        switch type {
        case is Int.Type: "Integer"
        case is Bool.Type: "Boolean"
        case is String.Type, is Data.Type: "String"
        case is [String].Type, is [Any].Type: "List"
        default: "Structure"
        }
    }
}
