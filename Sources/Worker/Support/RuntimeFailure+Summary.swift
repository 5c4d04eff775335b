import Foundation
import GuestProtocol

extension RuntimeFailure {
    private struct Body: Decodable {
        var errorMessage: String?
        var errorType: String?
    }

    /// One line for people: the runtime's type, and the message and type of its body where that is JSON as it should be.
    var summary: String {
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(body)), let message = body.errorMessage else {
            return errorType
        }
        guard let type = body.errorType, type != errorType else { return "\(errorType): \(message)" }
        return "\(errorType): \(type): \(message)"
    }
}
