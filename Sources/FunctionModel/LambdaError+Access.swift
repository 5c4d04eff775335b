/// Policies and function URLs.
extension LambdaError {
    /// What AWS says of a function's parts that were never made: its policy, its URL.
    package static let resourceNotFound = Self(
        code: .resourceNotFound, message: "The resource you requested does not exist.")

    package static let principalInvalid = Self(
        code: .invalidParameterValue,
        message: "The provided principal was invalid. Please check the principal and try again.")

    package static let policyOfLatest = Self(
        code: .invalidParameterValue, message: "We currently do not support adding policies for $LATEST.")

    package static let urlAuthTypeOfOtherAction = Self(
        code: .invalidParameterValue,
        message: "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")

    package static func statementExists(_ id: String) -> Self {
        Self(
            code: .resourceConflict,
            message: """
                The statement id (\(id)) provided already exists. Please provide a new statement id, or remove the existing \
                statement.
                """)
    }

    package static func statementNotFound(_ id: String) -> Self {
        Self(code: .resourceNotFound, message: "Statement \(id) is not found in resource policy.")
    }

    package static let noPolicyAssociated = Self(
        code: .resourceNotFound, message: "No policy is associated with the given resource.")

    package static func noPolicy(for arn: FunctionARN) -> Self {
        Self(code: .resourceNotFound, message: "No policy found for: \(arn)")
    }

    package static let policyRevisionMismatch = Self(
        code: .preconditionFailed,
        message: """
            The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest \
            Revision Id
            """)

    package static func policyTooLong(_ size: Int) -> Self {
        Self(
            code: .policyLengthExceeded,
            message: "The final policy size (\(size)) is bigger than the limit (\(Limits.policy)).")
    }

    package static let functionOfURLNotFound = Self(code: .resourceNotFound, message: "Function does not exist")

    package static func urlExists(for arn: FunctionARN) -> Self {
        Self(
            code: .resourceConflict,
            message: """
                Failed to create function url config for [functionArn = \(arn)]. Error message:  FunctionUrlConfig exists for \
                this Lambda function
                """)
    }

    /// Whoever calls a function URL that does not let him.
    package static let urlForbidden = Self(
        code: .accessDenied,
        message: """
            Forbidden. For troubleshooting Function URL authorization issues, see: \
            https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
            """)
}
