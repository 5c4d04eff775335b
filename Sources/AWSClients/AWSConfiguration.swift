package import SigV4

/// Where AWS's services, or services compatible with them, are reached, and as whom.
package struct AWSConfiguration: Sendable {
    package var region: String
    /// Of every service that has none of its own.
    package var endpoint: AWSEndpoint?
    package var endpoints: [AWSService: AWSEndpoint]
    package var credentials: SigningCredentials
    /// A PEM file with the authorities whose certificates are trusted; nil trusts the system's.
    package var authorities: String?

    package init(
        region: String, endpoint: AWSEndpoint? = nil, endpoints: [AWSService: AWSEndpoint] = [:],
        credentials: SigningCredentials = .emulator
    ) {
        self.region = region
        self.endpoint = endpoint
        self.endpoints = endpoints
        self.credentials = credentials
    }

    /// Where the service is; nil when nobody said so: then it is not used.
    package func address(of service: AWSService) -> AWSAddress? {
        (endpoints[service] ?? endpoint)?.address(of: service, region: region)
    }
}

/// The services that are asked. The values are the names that signatures have.
package enum AWSService: String, Sendable, CaseIterable {
    case lambda
    case s3
    case sns
    case sqs
}

extension SigningCredentials {
    /// What emulators of AWS take when nobody chose others, and AWS refuses.
    package static let emulator = SigningCredentials(accessKeyID: "test", secretAccessKey: "test")
}

/// A URL as an operator gives it: `http://127.0.0.1:5000`, or `https://{service}.{region}.amazonaws.com` for AWS itself.
package struct AWSEndpoint: Sendable, Hashable {
    package let text: String

    /// - Returns: nil unless it is `http` or `https`, a host, and nothing after the path.
    package init?(_ text: String) {
        self.text = text
        guard address(of: .sqs, region: "us-east-1") != nil else { return nil }
    }

    /// The URL for a service, with the names in their places.
    package func address(of service: AWSService, region: String) -> AWSAddress? {
        AWSAddress(
            text.replacing("{service}", with: service.rawValue).replacing("{region}", with: region))
    }
}

/// The parts of an endpoint that requests are made of.
package struct AWSAddress: Sendable, Hashable {
    /// `http` or `https`.
    package let scheme: String
    /// Host, and port unless it is the scheme's own: what the header `Host` says.
    package let authority: String
    /// In front of every path; empty, or without a slash at the end.
    package let prefix: String

    init?(_ text: String) {
        guard let end = text.firstRange(of: "://") else { return nil }
        scheme = text[..<end.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = text[end.upperBound...]
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !rest.contains(where: { "?#@{}\"<>\\^`|".contains($0) })
        else { return nil }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let host = rest[..<slash].lowercased()
        guard let first = host.first, first != ":" else { return nil }
        let standard = scheme == "http" ? ":80" : ":443"
        authority = host.hasSuffix(standard) ? String(host.dropLast(standard.count)) : host
        var path = rest[slash...]
        while path.hasSuffix("/") { path = path.dropLast() }
        prefix = String(path)
    }
}
