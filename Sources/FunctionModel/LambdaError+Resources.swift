/// Functions and versions that are missing, present, busy or changed meanwhile.
extension LambdaError {
    /// - Parameter arn: as AWS prints it: unqualified or qualified as the caller asked; Invoke always appends the
    ///   qualifier (`:$LATEST` when none was given).
    package static func functionNotFound(arn: String) -> Self {
        Self(code: .resourceNotFound, message: "Function not found: \(arn)")
    }

    package static func functionNotFound(_ arn: FunctionARN) -> Self { functionNotFound(arn: arn.description) }

    package static func functionAlreadyExists(name: String) -> Self {
        Self(code: .resourceConflict, message: "Function already exist: \(name)")
    }

    package static func unreachableRegion(_ region: String, from own: String) -> Self {
        Self(
            code: .resourceNotFound,
            message: "Functions from '\(region)' are not reachable in this region ('\(own)')")
    }

    /// AWS sends no message here; the log has one.
    package static func foreignAccount(_ account: String, own: String) -> Self {
        Self(
            code: .accessDenied, message: "",
            cause: "the function belongs to account \(account), and this server holds the functions of account \(own)")
    }

    package static func updateInProgress(arn: String) -> Self {
        Self(
            code: .resourceConflict,
            message: "The operation cannot be performed at this time. An update is in progress for resource: \(arn)")
    }

    /// - Parameter state: AWS's name of the state, such as `Pending`.
    /// - Parameter reason: appended in brackets when given: why a version failed is worth more than AWS tells.
    package static func wrongState(_ state: String, reason: StateReason? = nil) -> Self {
        let text = """
            The operation cannot be performed at this time. The function is currently in the following state: \(state)
            """
        guard let reason else { return Self(code: .resourceConflict, message: text) }
        return Self(code: .resourceConflict, message: "\(text) (\(reason.code): \(reason.message))")
    }

    package static let revisionMismatch = Self(
        code: .preconditionFailed,
        message: """
            The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
            retrieve the latest Revision Id
            """)

    package static func codeSha256Mismatch(given: String, current: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                CodeSHA256 (\(given)) is different from current CodeSHA256 in $LATEST (\(current)). Please try again \
                with the CodeSHA256 in $LATEST.
                """)
    }

    package static let qualifierMismatch = Self(
        code: .invalidParameterValue,
        message: "The derived qualifier from the function name does not match the specified qualifier.")

    package static let latestCannotBeDeleted = Self(
        code: .invalidParameterValue, message: "$LATEST version cannot be deleted without deleting the function.")

    package static let aliasCannotBeDeleted = Self(
        code: .invalidParameterValue, message: "Deletion of aliases is not currently supported.")
}

/// Requests and uploads that cannot be taken.
extension LambdaError {
    package static let notAZip = Self(
        code: .invalidParameterValue,
        message: "Could not unzip uploaded file. Please check your file, then try to upload again.")

    package static let unzippedTooLarge = Self(
        code: .invalidParameterValue, message: "Unzipped size must be smaller than \(Limits.unzippedCode) bytes")

    package static let zippedTooLarge = Self(
        code: .requestEntityTooLarge, message: "Zipped size must be smaller than \(Limits.zippedCode) bytes")

    /// The body of CreateFunction or UpdateFunctionCode is larger than the front door lets through.
    package static func requestTooLarge(operation: String) -> Self {
        Self(
            code: .requestEntityTooLarge,
            message: "Request must be smaller than \(Limits.uploadRequest) bytes for the \(operation) operation")
    }

    /// - Parameters:
    ///   - size: bytes given.
    ///   - invocationType: `RequestResponse` or `Event`.
    package static func payloadTooLarge(size: Int, invocationType: String, limit: Int) -> Self {
        Self(
            code: .requestTooLarge,
            message: """
                \(size) byte payload is too large for the \(invocationType) invocation type (limit \(limit) bytes)
                """)
    }

    /// - Parameter detail: what the JSON parser found.
    package static func payloadIsNotJSON(_ detail: String) -> Self {
        Self(
            code: .invalidRequestContent,
            message: "Could not parse request body into json: Could not parse payload into json: \(detail)")
    }

    /// A control call's body that is not the JSON it should be.
    package static func bodyIsNotJSON(_ detail: String) -> Self {
        Self(code: .serialization, message: "Could not parse request body into json: \(detail)")
    }

    package static func unsupportedMediaType(_ type: String) -> Self {
        Self(
            code: .unsupportedMediaType,
            message: "Unsupported content type: \(type). The content type of an invocation is application/json.")
    }
}

/// Invocations that cannot be served.
extension LambdaError {
    /// `Reason` of a `TooManyRequestsException`.
    package enum ThrottleReason: String, Sendable {
        case concurrentInvocations = "ConcurrentInvocationLimitExceeded"
        case concurrentSnapshots = "ConcurrentSnapshotCreateLimitExceeded"
        case invocationRate = "FunctionInvocationRateLimitExceeded"
        case reservedConcurrency = "ReservedFunctionConcurrentInvocationLimitExceeded"
        case callerRate = "CallerRateLimitExceeded"
    }

    /// The host has no room for another sandbox. AWS has no name of its own for that.
    package static let hostMemoryShort = Self(
        code: .tooManyRequests, message: "The host has no memory left for another execution environment.",
        reason: ThrottleReason.concurrentInvocations.rawValue, retryAfterSeconds: 1)

    package static func throttled(_ reason: ThrottleReason, retryAfterSeconds: Int? = nil) -> Self {
        let message =
            switch reason {
            case .concurrentSnapshots:
                """
                Lambda was unable to create new snapshot because you have reached your concurrent snapshot creation \
                limit
                """
            case .concurrentInvocations, .invocationRate, .reservedConcurrency, .callerRate: "Rate Exceeded."
            }
        return Self(
            code: .tooManyRequests, message: message, reason: reason.rawValue, retryAfterSeconds: retryAfterSeconds)
    }

    /// Runtime load and after-restore hooks took longer than ``Limits/restoreSeconds``.
    package static let snapStartTimeout = Self(
        code: .snapStartTimeout, message: "Lambda couldn't restore the snapshot within the timeout limit.")

    package static let snapStartNotReady = Self(
        code: .snapStartNotReady,
        message: """
            Lambda is initializing your function. It will be ready to invoke once your function state becomes ACTIVE.
            """)

    /// The after-restore hook raised, or the runtime died while it was restored.
    package static func snapStartFailed(_ detail: String) -> Self { Self(code: .snapStart, message: detail) }

    package static func service(_ detail: String) -> Self { Self(.service, of: detail) }
}
