/// Tags that cannot be had.
extension LambdaError {
    package static let tooManyTags = Self(
        code: .invalidParameterValue, message: "Number of tags exceeds resource tag limit.")

    /// AWS's answer to a TagResource without tags.
    package static let noTags = Self(
        code: .invalidParameterValue, message: "An error occurred and the request cannot be processed.")

    package static let taggedVersion = Self(
        code: .invalidParameterValue,
        message: "Tags on function aliases and versions are not supported. Please specify a function ARN.")

    /// - Parameter kind: as AWS says it, such as `Event source mapping`.
    package static func taggedResourceNotFound(_ kind: String, _ arn: String) -> Self {
        Self(code: .resourceNotFound, message: "\(kind) not found: \(arn)")
    }

    package static func reservedTag(_ key: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: "The tag key \(key) cannot be used: keys that begin with aws: are reserved for AWS.")
    }

    package static func invalidIsolation(_ value: String) -> Self {
        let choices = IsolationChoice.allCases.map(\.rawValue).joined(separator: ", ")
        return Self(
            code: .invalidParameterValue,
            message: "The value '\(value)' of the tag \(FunctionTags.isolationKey) is not one of: \(choices).")
    }

    /// The level exists, this server does not run it.
    package static func unavailable(isolation: IsolationChoice, available: [IsolationChoice]) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Isolation \(isolation.rawValue) is not available on this server. Isolation available: \
                \(available.map(\.rawValue).joined(separator: ", ")).
                """)
    }
}
