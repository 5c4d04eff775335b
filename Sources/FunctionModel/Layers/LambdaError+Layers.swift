/// Layers, their versions and what functions have of them.
extension LambdaError {
    package static let layerVersionBelowOne = Self(
        code: .invalidParameterValue, message: "Layer Version Cannot be less than 1")

    /// What the actions on a version's policy say.
    package static func layerVersionNotFound(_ arn: LayerARN) -> Self {
        Self(code: .resourceNotFound, message: "Layer version \(arn) does not exist.")
    }

    package static let layerPolicyRevisionMismatch = Self(
        code: .preconditionFailed,
        message: """
            The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest \
            Revision Id
            """)

    /// Layers of other accounts and regions cannot be had here.
    package static func layerForbidden(_ action: String, on arn: LayerARN, of account: AccountScope) -> Self {
        Self(
            code: .accessDenied,
            message: """
                User: arn:\(account.partition):iam::\(account.accountID):root is not authorized to perform: lambda:\(action) on \
                resource: \(arn) because no resource-based policy allows the lambda:\(action) action. This server has the \
                layers that were published to it: publish a copy of that one.
                """)
    }
}
