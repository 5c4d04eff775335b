/// Signs requests to AWS's services, and to those that are compatible with them.
package struct RequestSigner: Sendable {
    package let credentials: SigningCredentials
    package let region: String
    package let service: String

    package init(credentials: SigningCredentials, region: String, service: String) {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// The headers to add to a request: date, token, for S3 the hash of the body, and `Authorization`.
    ///
    /// All headers that the request has already are signed; `host` must be one of them.
    package func headers(for request: SignedRequest, at time: SigningTime) -> [(name: String, value: String)] {
        var added = [(name: "x-amz-date", value: time.stamp)]
        if let token = credentials.sessionToken { added.append((name: "x-amz-security-token", value: token)) }
        if service == "s3" || !request.payload.isDigest {
            added.append((name: "x-amz-content-sha256", value: request.payload.text))
        }
        var request = request
        let names = Set(added.map(\.name))
        request.headers = request.headers.filter { !names.contains($0.name.lowercased()) } + added
        let signature = signature(of: request, at: time)
        added.append(
            (
                name: "authorization",
                value: """
                \(CredentialScope.algorithm) Credential=\(credentials.accessKeyID)/\(scope(time).text), \
                SignedHeaders=\(Self.names(in: request).joined(separator: ";")), Signature=\(signature)
                """
            ))
        return added
    }

    /// The query of a URL that is its own permission for `validSeconds`, the request's own query in front.
    ///
    /// - Parameter request: with `host` and the other headers that whoever uses the URL will send.
    package func presignedQuery(for request: SignedRequest, at time: SigningTime, validSeconds: Int) -> String {
        var items = [
            ("X-Amz-Algorithm", CredentialScope.algorithm),
            ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope(time).text)"), ("X-Amz-Date", time.stamp),
            ("X-Amz-Expires", String(validSeconds)),
        ]
        if let token = credentials.sessionToken { items.append(("X-Amz-Security-Token", token)) }
        items.append(("X-Amz-SignedHeaders", Self.names(in: request).joined(separator: ";")))
        var request = request
        let added = items.map { "\($0.0)=\(URIText.encoded($0.1))" }.joined(separator: "&")
        request.query = request.query.isEmpty ? added : "\(request.query)&\(added)"
        return "\(request.query)&X-Amz-Signature=\(signature(of: request, at: time))"
    }

    /// Signs the chunks of a body that is sent as ``PayloadHash/streaming``, after `headers(for:at:)` made `authorization`.
    package func chunkSigner(after authorization: String, at time: SigningTime) -> ChunkSigner? {
        guard let field = authorization.split(separator: "Signature=").last else { return nil }
        return ChunkSigner(
            key: SigningKey(secretAccessKey: credentials.secretAccessKey, scope: scope(time)), time: time,
            seed: String(field))
    }

    private func scope(_ time: SigningTime) -> CredentialScope {
        CredentialScope(day: time.day, region: region, service: service)
    }

    private func signature(of request: SignedRequest, at time: SigningTime) -> String {
        let scope = scope(time)
        let canonical = CanonicalRequest(
            request, signedHeaders: Self.names(in: request), paths: PathStyle(service: service))
        return SigningKey(secretAccessKey: credentials.secretAccessKey, scope: scope)
            .signature(of: SigningKey.stringToSign(canonical, at: time, scope: scope))
    }

    private static func names(in request: SignedRequest) -> [String] {
        Set(request.headers.map { $0.name.lowercased() }).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
