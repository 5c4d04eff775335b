internal import Basics
internal import Crypto

/// Whose signature it is.
package struct SigningCredentials: Sendable, Equatable {
    package let accessKeyID: String
    package let secretAccessKey: String
    /// Of temporary credentials.
    package let sessionToken: String?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    /// With a secret that nobody else has.
    package static func random(_ accessKeyID: String) -> SigningCredentials {
        let secret = (0..<4).map { _ in Hexadecimal.text(of: UInt64.random(in: .min ... .max)) }.joined()
        return SigningCredentials(accessKeyID: accessKeyID, secretAccessKey: secret)
    }
}

/// What a signing key is good for: `20150830/us-east-1/iam/aws4_request`.
package struct CredentialScope: Sendable, Hashable {
    package let day: String
    package let region: String
    package let service: String

    package init(day: String, region: String, service: String) {
        self.day = day
        self.region = region
        self.service = service
    }

    package var text: String { "\(day)/\(region)/\(service)/\(Self.end)" }

    static let end = "aws4_request"
    static let algorithm = "AWS4-HMAC-SHA256"
}

/// The key of one day, region and service. It may be kept: to derive it costs four times what a signature costs.
package struct SigningKey: Sendable {
    package let scope: CredentialScope
    private let key: SymmetricKey

    package init(secretAccessKey: String, scope: CredentialScope) {
        var key = SymmetricKey(data: Array("AWS4\(secretAccessKey)".utf8))
        for part in [scope.day, scope.region, scope.service, CredentialScope.end] {
            key = SymmetricKey(
                data: Array(HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key)))
        }
        self.scope = scope
        self.key = key
    }

    func signature(of text: String) -> String {
        Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
    }

    /// In a time that does not depend on where they differ.
    func isSignature(_ signature: String, of text: String) -> Bool {
        guard let code = Self.bytes(signature) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Array(text.utf8), using: key)
    }

    /// What is signed of a request.
    static func stringToSign(_ canonical: CanonicalRequest, at time: SigningTime, scope: CredentialScope) -> String {
        let hash = PayloadHash(of: Array(canonical.text.utf8)).text
        return "\(CredentialScope.algorithm)\n\(time.stamp)\n\(scope.text)\n\(hash)"
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        guard Hexadecimal.isText(text, count: 64) else { return nil }
        let digits = Array(text.utf8)
        return stride(from: 0, to: digits.count, by: 2).compactMap { index in
            guard let high = Hexadecimal.value(of: digits[index]), let low = Hexadecimal.value(of: digits[index + 1])
            else { return nil }
            return high << 4 | low
        }
    }
}
