import Foundation
import Hummingbird

/// An error of CloudWatch Logs, as the AWS JSON protocol has it.
struct LogsError: Error, Equatable {
    let type: String
    let message: String

    static func invalidParameter(_ message: String) -> Self {
        Self(type: "InvalidParameterException", message: message)
    }

    static func missing(_ member: String) -> Self {
        invalidParameter(
            "1 validation error detected: Value null at '\(member)' failed to satisfy constraint: Member must not be null"
        )
    }

    static let invalidToken = invalidParameter("The specified nextToken is invalid.")
    static let groupNotFound = Self(
        type: "ResourceNotFoundException", message: "The specified log group does not exist.")
    static let streamNotFound = Self(
        type: "ResourceNotFoundException", message: "The specified log stream does not exist.")
}

extension Response {
    private static let contentType = "application/x-amz-json-1.1"

    /// - Throws: only when `body` cannot be put in JSON, which none of the shapes can cause.
    init(logs body: some Encodable) throws {
        try self.init(json: body)
        headers[.contentType] = Self.contentType
    }

    init(_ error: LogsError) {
        do { try self.init(status: .badRequest, json: ["__type": error.type, "message": error.message]) } catch {
            // Texts are always JSON.
            self.init(status: .badRequest)
        }
        headers[.contentType] = Self.contentType
        headers[.amznErrorType] = error.type
    }
}
