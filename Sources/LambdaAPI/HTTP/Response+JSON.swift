import Foundation
import FunctionModel
import Hummingbird

extension Response {
    /// - Throws: only when `body` cannot be put in JSON, which none of the wire shapes can cause.
    init(status: HTTPResponse.Status = .ok, json body: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.init(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(body))))
    }

    /// An error as AWS words it on the wire: its type in `x-amzn-ErrorType`, the message under the key that belongs to
    /// the type.
    init(_ error: LambdaError) {
        // One of AWS's errors has null where the others have their message.
        var members = [error.code.messageKey: error.message.isEmpty ? nil : error.message]
        if let type = error.code.faultType, !error.omitsType { members["Type"] = type }
        if let reason = error.reason { members["Reason"] = reason }
        do {
            try self.init(status: HTTPResponse.Status(code: error.code.httpStatus), json: members)
        } catch {
            // Strings are always JSON; the status and the type below say enough without a body.
            self.init(status: .internalServerError)
        }
        headers[.amznErrorType] = error.code.name
        headers[.retryAfter] = error.retryAfterSeconds.map(String.init)
    }
}
