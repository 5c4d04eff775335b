import FunctionModel
import Hummingbird

/// Refuses what no AWS client sends: an `Authorization` that is not a signature, and requests that web pages make.
///
/// Signatures are not verified, and there may be none, so that plain `curl` works. A browser is the one client that acts
/// for strangers: any page may make it POST to a loopback port, and it then names the page in `Origin`.
struct ClientCheck: RouterMiddleware {
    typealias Context = LambdaRequestContext

    func handle(
        _ request: Request, context: LambdaRequestContext,
        next: @concurrent (Request, LambdaRequestContext) async throws -> Response
    ) async throws -> Response {
        if let origin = request.headers[.origin] { throw LambdaError.webPage(origin: origin) }
        if let authorization = request.headers[.authorization], !Self.isSignature(authorization) {
            throw LambdaError.malformedSignature
        }
        return try await next(request, context)
    }

    /// `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`: the form of Signature Version 4, or 4A with its
    /// `AWS4-ECDSA-P256-SHA256`, in any order of the three.
    static func isSignature(_ text: String) -> Bool {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, ["AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"].contains(parts[0]) else { return false }
        var missing: Set<Substring> = ["Credential", "SignedHeaders", "Signature"]
        for field in parts[1].split(separator: ",") {
            let pair = field.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { return false }
            missing.remove(pair[0])
        }
        return missing.isEmpty
    }
}
