/// Why a service could not be asked, or what it said.
package struct AWSClientError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// Nobody said where the service is.
        case notConfigured
        /// No answer: not there, gone meanwhile, too slow.
        case unreachable
        /// The service said no. `type` is its own name of why.
        case refused(type: String, status: Int)
        /// What came back is not what the service answers.
        case badAnswer
        /// More than may be taken.
        case tooLarge
        /// Whoever asked has gone.
        case cancelled
    }

    package let code: Code
    package let service: AWSService
    /// The service's own words, or the system's.
    package let message: String

    package init(_ code: Code, _ service: AWSService, _ message: String) {
        self.code = code
        self.service = service
        self.message = message
    }

    static func notConfigured(_ service: AWSService) -> Self {
        Self(
            .notConfigured, service,
            "This server was not told where \(service.rawValue.uppercased()) is. Start it with --aws-endpoint.")
    }

    /// The service's own name of why it refused; nil when it did not.
    package var refusal: String? {
        if case .refused(let type, _) = code { type } else { nil }
    }

    package var description: String {
        switch code {
        case .refused(let type, let status): "\(service.rawValue) refused (\(status) \(type)): \(message)"
        case .notConfigured: message
        case .unreachable: "cannot reach \(service.rawValue): \(message)"
        case .badAnswer: "cannot understand the answer of \(service.rawValue): \(message)"
        case .tooLarge: "the answer of \(service.rawValue) is too large: \(message)"
        case .cancelled: "the call of \(service.rawValue) was given up"
        }
    }
}
