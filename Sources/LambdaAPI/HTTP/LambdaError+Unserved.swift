import FunctionModel

/// Requests for what this server does not have, and from those it does not serve.
extension LambdaError {
    static func unknownAction(method: String, path: String) -> Self {
        Self(code: .unknownOperation, message: "The AWS Lambda API has no action at \(method) \(path).")
    }

    /// The API has the action, this server does not.
    static func unserved(action: String) -> Self {
        Self(code: .invalidParameterValue, message: "\(action) is not supported by this server.")
    }

    static func unserved(member: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: "\(member) is not supported by this server. Leave it out of the request.")
    }

    static let unservedCode = Self(
        code: .invalidParameterValue,
        message: "SourceKMSKeyArn is not supported by this server. Leave it out of the request.")

    static let codeMissing = Self(
        code: .invalidParameterValue, message: "Please provide a source for function code.")

    static func qualifierNotTaken(_ action: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: "\(action) acts on the function: name it without a version or alias.")
    }

    static let clientContextNotJSON = Self(
        code: .invalidRequestContent, message: "Client context must be a valid Base64-encoded JSON object.")

    static func webPage(origin: String) -> Self {
        Self(
            code: .accessDenied,
            message: "Requests of web pages are not served, and this one comes from \(origin). Use an AWS client.")
    }

    static func foreignHost(_ host: String) -> Self {
        Self(
            code: .accessDenied,
            message: """
                Requests for the host '\(host.prefix(255))' are not served, because a web page could have made its name lead here. \
                If the name is this server's, start it with --allow-host and the name.
                """)
    }

    static let serverBusy = Self(
        code: .tooManyRequests, message: "Rate Exceeded: the server holds as many bytes of requests as it may.")

    static let bodyTooSlow = Self(
        code: .invalidRequestContent, message: "The body of the request did not arrive in time.")

    static let malformedSignature = Self(
        code: .accessDenied,
        message: """
            The Authorization header is not an AWS signature. Expected: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, \
            Signature=…
            """)
}
