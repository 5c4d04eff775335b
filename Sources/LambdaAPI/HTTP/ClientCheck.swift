import FunctionModel
import Hummingbird

/// Refuses what no AWS client sends: an `Authorization` that is not a signature, and requests that web pages make.
///
/// Signatures are not verified here, and there may be none, so that plain `curl` works where a server has no users. A browser is the
/// one client that acts for strangers: any page may make it POST to a loopback port, and it then names the page in `Origin`.
package struct ClientCheck: RouterMiddleware {
    package typealias Context = LambdaRequestContext

    /// Whether signatures are looked at; not where ``AuthorizationMiddleware`` verifies them, and says what AWS says.
    let checksSignatures: Bool

    package init(checksSignatures: Bool = true) { self.checksSignatures = checksSignatures }

    package func handle(
        _ request: Request, context: LambdaRequestContext,
        next: @concurrent (Request, LambdaRequestContext) async throws -> Response
    ) async throws -> Response {
        if let origin = request.headers[.origin] { throw LambdaError.webPage(origin: origin) }
        if checksSignatures, let authorization = request.headers[.authorization], !Self.isSignature(authorization) {
            throw LambdaError.malformedSignature
        }
        return try await next(request, context)
    }

    /// `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`: the form of Signature Version 4, or 4A with its
    /// `AWS4-ECDSA-P256-SHA256`, in any order of the three.
    package static func isSignature(_ text: String) -> Bool {
        let bytes = text.utf8
        guard let space = bytes.firstIndex(of: UInt8(ascii: " ")),
            algorithms.contains(where: { bytes[..<space].elementsEqual($0.utf8) })
        else { return false }
        var found = parts.map { _ in false }
        for field in bytes[space...].split(separator: UInt8(ascii: ",")) {
            let pair = field.drop { $0 == UInt8(ascii: " ") }
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), equals > pair.startIndex,
                pair.index(after: equals) < pair.endIndex
            else { return false }
            if let part = parts.firstIndex(where: { pair[..<equals].elementsEqual($0.utf8) }) { found[part] = true }
        }
        return found.allSatisfy { $0 }
    }

    private static let algorithms = ["AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"]
    private static let parts = ["Credential", "SignedHeaders", "Signature"]
}
