/// A signature as a request brings it, in the `Authorization` header or in the query of a presigned URL. Nothing of it is
/// proven before ``verify(_:secretAccessKey:at:skew:)``.
package struct SignatureClaim: Sendable {
    package let accessKeyID: String
    package let scope: CredentialScope
    package let time: SigningTime
    /// In lower case, sorted.
    package let signedHeaders: [String]
    package let signature: String
    /// How long a presigned URL is good for; nil for a signature in the header.
    package let validSeconds: Int?
    package let sessionToken: String?

    /// The most that a presigned URL may be good for: a week.
    package static let longestValidity = 604_800

    /// Reads the signature of a request; nil when it has none.
    package init?(_ request: SignedRequest) throws(SignatureError) {
        if let header = request.values(of: "authorization").first {
            try self.init(authorization: header, request)
        } else {
            let items = URIText.items(of: request.query)
            guard items.contains(where: { $0.name == "X-Amz-Signature" || $0.name == "X-Amz-Algorithm" }) else {
                return nil
            }
            try self.init(query: items)
        }
    }

    private init(authorization: String, _ request: SignedRequest) throws(SignatureError) {
        let (algorithm, rest) = Self.cut(authorization, at: " ")
        var fields: [Substring: Substring] = [:]
        for field in (rest ?? "").split(separator: ",") {
            let (name, value) = Self.cut(field.drop { $0 == " " }, at: "=")
            guard let value else { throw .noPair }
            fields[name] = value
        }
        let stamp = request.values(of: "x-amz-date").first ?? request.values(of: "date").first
        guard let credential = fields["Credential"], let signature = fields["Signature"],
            let headers = fields["SignedHeaders"], let stamp
        else {
            let missing = ["Credential", "Signature", "SignedHeaders"].filter { fields[$0[...]] == nil }
            throw .incomplete(missing: missing + (stamp == nil ? [Self.date] : []))
        }
        guard algorithm == CredentialScope.algorithm else { throw .unsupportedAlgorithm(String(algorithm.prefix(64))) }
        try self.init(
            credential: String(credential), stamp: stamp, headers: String(headers), signature: String(signature),
            validSeconds: nil, sessionToken: request.values(of: "x-amz-security-token").first)
    }

    private init(query items: [(name: String, value: String)]) throws(SignatureError) {
        func value(_ name: String) -> String? { items.first { $0.name == name }?.value }
        let algorithm = value("X-Amz-Algorithm") ?? ""
        guard algorithm == CredentialScope.algorithm else { throw .unsupportedAlgorithm(String(algorithm.prefix(64))) }
        let names = ["X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature", "X-Amz-SignedHeaders"]
        guard let credential = value("X-Amz-Credential"), let stamp = value("X-Amz-Date"),
            let expires = value("X-Amz-Expires"), let signature = value("X-Amz-Signature"),
            let headers = value("X-Amz-SignedHeaders")
        else { throw .incompleteQuery(missing: names.filter { value($0) == nil }) }
        guard let seconds = Int(expires), (1...Self.longestValidity).contains(seconds) else {
            throw .invalidValidity(String(expires.prefix(64)))
        }
        try self.init(
            credential: credential, stamp: stamp, headers: headers, signature: signature, validSeconds: seconds,
            sessionToken: value("X-Amz-Security-Token"))
    }

    private init(
        credential: String, stamp: String, headers: String, signature: String, validSeconds: Int?,
        sessionToken: String?
    ) throws(SignatureError) {
        // An access key id has no slash, a scope always three.
        let parts = credential.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[4] == CredentialScope.end, !parts[0].isEmpty else { throw .invalidCredential }
        guard let time = SigningTime(stamp: stamp) else { throw .invalidTime(String(stamp.prefix(64))) }
        guard parts[1] == time.day else { throw .invalidCredential }
        accessKeyID = String(parts[0])
        scope = CredentialScope(day: String(parts[1]), region: String(parts[2]), service: String(parts[3]))
        self.time = time
        signedHeaders = headers.split(separator: ";").map { $0.lowercased() }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        self.signature = signature
        self.validSeconds = validSeconds
        self.sessionToken = sessionToken
    }

    /// What a header's signature needs beside the header.
    fileprivate static let date = "Date"

    private static func cut(_ text: some StringProtocol, at mark: Character) -> (Substring, Substring?) {
        let text = Substring(text)
        guard let index = text.firstIndex(of: mark) else { return (text, nil) }
        return (text[..<index], text[text.index(after: index)...])
    }
}

extension SignatureClaim {
    /// How far the clocks of client and server may be apart: 5 minutes, as at AWS.
    package static let clockSkew = 300

    /// Checks that the request is as whoever has the secret signed it, and that it was signed now.
    ///
    /// - Parameter request: with the payload as it is, not as a header claims.
    package func verify(
        _ request: SignedRequest, secretAccessKey: String, at now: SigningTime, skew: Int = SignatureClaim.clockSkew
    ) throws(SignatureError) {
        try verify(
            request, key: SigningKey(secretAccessKey: secretAccessKey, scope: scope), at: now, skew: skew)
    }

    /// The same with a key that was kept; it must be of this scope.
    package func verify(
        _ request: SignedRequest, key: SigningKey, at now: SigningTime, skew: Int = SignatureClaim.clockSkew
    ) throws(SignatureError) {
        try checkTime(now, skew: skew)
        try checkHeaders(of: request)
        let canonical = CanonicalRequest(
            request, signedHeaders: signedHeaders, omitting: validSeconds == nil ? nil : "X-Amz-Signature",
            paths: PathStyle(service: scope.service))
        guard key.isSignature(signature, of: SigningKey.stringToSign(canonical, at: time, scope: scope)) else {
            throw .mismatch
        }
    }

    private func checkTime(_ now: SigningTime, skew: Int) throws(SignatureError) {
        if time > now.later(by: skew) { throw .notYetCurrent(time, latest: now.later(by: skew), now: now) }
        if let validSeconds {
            if now > time.later(by: validSeconds) { throw .urlExpired }
        } else if time < now.later(by: -skew) {
            throw .expired(time, earliest: now.later(by: -skew), now: now)
        }
    }

    /// What changes a request's meaning has to be signed: its host, and everything that is said to AWS.
    private func checkHeaders(of request: SignedRequest) throws(SignatureError) {
        guard signedHeaders.contains("host") else { throw .unsignedHeader("host") }
        for header in request.headers {
            let name = header.name.lowercased()
            if name.hasPrefix("x-amz-"), !signedHeaders.contains(name) { throw .unsignedHeader(name) }
        }
    }
}

/// Why a signature proves nothing. Callers switch on the case; the texts are AWS's.
package enum SignatureError: Error, Equatable, CustomStringConvertible {
    case unsupportedAlgorithm(String)
    /// Parameters of the header, or `Date` for a date beside it.
    case incomplete(missing: [String])
    case incompleteQuery(missing: [String])
    /// A part of the header is no `name=value`.
    case noPair
    case invalidCredential
    case invalidTime(String)
    case invalidValidity(String)
    case notYetCurrent(SigningTime, latest: SigningTime, now: SigningTime)
    case expired(SigningTime, earliest: SigningTime, now: SigningTime)
    case urlExpired
    case unsignedHeader(String)
    case mismatch
    /// A body in chunks is not as its form has it.
    case malformedChunks

    /// Whether it is not a signature yet, rather than a wrong one.
    package var isIncomplete: Bool {
        switch self {
        case .unsupportedAlgorithm, .incomplete, .incompleteQuery, .noPair, .invalidTime: true
        case .invalidCredential, .invalidValidity, .notYetCurrent, .expired, .urlExpired, .unsignedHeader, .mismatch,
            .malformedChunks:
            false
        }
    }

    package var description: String {
        switch self {
        case .unsupportedAlgorithm(let name): "Unsupported AWS 'algorithm': '\(name)'."
        case .incomplete(let missing):
            missing.map { name in
                name == SignatureClaim.date
                    ? "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
                    : "Authorization header requires '\(name)' parameter."
            }.joined(separator: " ")
        case .incompleteQuery(let missing):
            """
            AWS query-string parameters must include '\(missing.joined(separator: "', '"))'. Re-examine the query-string \
            parameters.
            """
        case .noPair: "Invalid key=value pair (missing equal-sign) in Authorization header"
        case .invalidCredential:
            "Credential should be scoped to a valid region and service, and to the day of its date."
        case .invalidTime(let text):
            "Date must be in ISO-8601 'basic format'. Got '\(text)'. See http://en.wikipedia.org/wiki/ISO_8601"
        case .invalidValidity(let text):
            "X-Amz-Expires must be between 1 and \(SignatureClaim.longestValidity) seconds. Got '\(text)'."
        case .notYetCurrent(let time, let latest, let now):
            "Signature not yet current: \(time.stamp) is still later than \(latest.stamp) (\(now.stamp) + 5 min.)"
        case .expired(let time, let earliest, let now):
            "Signature expired: \(time.stamp) is now earlier than \(earliest.stamp) (\(now.stamp) - 5 min.)"
        case .urlExpired: "The URL has expired."
        case .unsignedHeader(let name): "The header '\(name)' must be signed."
        case .malformedChunks: "The chunks of the body are not as the header X-Amz-Content-Sha256 says."
        case .mismatch:
            """
            The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
            Key and signing method. Consult the service documentation for details.
            """
        }
    }
}
