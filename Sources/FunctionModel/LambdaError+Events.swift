/// Events and their configurations that cannot be had.
extension LambdaError {
    static let emptyEventInvokeConfig = Self(
        code: .invalidParameterValue,
        message: "You must specify at least one of error handling or destination setting.")

    /// What Put, Update and List say of a function, version or alias that is not there.
    package static let eventInvokeFunctionNotFound = Self(
        code: .resourceNotFound, message: "The function doesn't exist.")

    /// - Parameter arn: qualified, `$LATEST` included.
    package static func eventInvokeConfigNotFound(_ arn: FunctionARN) -> Self {
        Self(code: .resourceNotFound, message: "The function \(arn) doesn't have an EventInvokeConfig")
    }

    package static func destinationInvalid(_ arn: String) -> Self {
        Self(code: .invalidParameterValue, message: "The destination ARN \(arn) is invalid.")
    }

    package static let destinationIsItself = Self(
        code: .invalidParameterValue, message: "You can't specify the function as a destination for itself.")

    package static func destinationsInvalid(onSuccess: String?, onFailure: String?) -> Self {
        let success = onSuccess.map { "OnSuccess(destination=\($0))" } ?? "null"
        let failure = onFailure.map { "OnFailure(destination=\($0))" } ?? "null"
        return Self(
            code: .invalidParameterValue,
            message: """
                The provided destination config DestinationConfig(onSuccess=\(success), onFailure=\(failure)) is invalid.
                """)
    }

    /// AWS has the kind of destination, this server does not.
    package static func destinationUnserved(_ arn: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                The destination \(arn) is not supported by this server: name a function, an SQS queue or an SNS topic, or start \
                the server with --event-target \(arn)=URL.
                """)
    }

    static func deadLetterInvalid(_ arn: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message:
                "The provided value for TargetArn, \(arn), is invalid: it names neither an SQS queue nor an SNS topic.")
    }

    package static let eventQueueFull = Self(
        code: .tooManyRequests, message: "Rate Exceeded: as many events wait as the server keeps.",
        reason: ThrottleReason.callerRate.rawValue, retryAfterSeconds: 1)
}
