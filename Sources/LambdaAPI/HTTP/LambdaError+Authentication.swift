import Authorization
import Basics
import Foundation
import FunctionModel
import Hummingbird
import SigV4

/// What AWS says to callers that it does not know, or that may not. The texts are AWS's.
extension LambdaError {
    init(authentication error: AuthenticationError, _ request: Request) {
        switch error {
        case .missing:
            self.init(code: .missingAuthenticationToken, message: "Missing Authentication Token")
        case .unknownKey:
            self.init(
                code: .unrecognizedClient, message: "The security token included in the request is invalid.")
        case .foreignRegion(let region):
            self.init(
                code: .invalidSignature,
                message: "Credential should be scoped to a valid region, not '\(region.prefix(64))'. ")
        case .foreignService:
            self.init(code: .invalidSignature, message: "Credential should be scoped to correct service: 'lambda'. ")
        case .signature(let error):
            self.init(
                code: error.isIncomplete ? .incompleteSignature : .invalidSignature,
                message: Self.text(of: error, request))
        }
    }

    private static func text(of error: SignatureError, _ request: Request) -> String {
        switch error {
        case .incomplete: "\(error) (Hashed with SHA-256 and encoded with Base64) Authorization=\(hash(of: request))"
        case .noPair: "\(error) (hashed with SHA-256 and encoded with Base64): '\(hash(of: request))'."
        default: error.description
        }
    }

    /// So that a secret which was sent in the wrong place is not sent back.
    private static func hash(of request: Request) -> String {
        let digits = Array(PayloadHash(of: Array((request.headers[.authorization] ?? "").utf8)).text.utf8)
        let bytes = stride(from: 0, to: digits.count, by: 2).map { index in
            (Hexadecimal.value(of: digits[index]) ?? 0) << 4 | (Hexadecimal.value(of: digits[index + 1]) ?? 0)
        }
        return Data(bytes).base64EncodedString()
    }

    static let codeAddressUnsigned = Self(
        code: .accessDenied, message: "The address has no signature. GetFunction gives one that has, in Code.Location.")

    static func notAuthorized(user: String, action: String, resource: String) -> Self {
        Self(
            code: .accessDenied,
            message: """
                User: \(user) is not authorized to perform: \(action) on resource: \(resource) because no identity-based \
                policy allows the \(action) action
                """)
    }
}
