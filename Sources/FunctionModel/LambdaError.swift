/// An error of the AWS Lambda API: what a client sees when a call is refused.
///
/// Callers switch on ``code``; ``message`` is AWS's wording where AWS has one. The factories in
/// `LambdaError+….swift` are the only places where messages are written.
package struct LambdaError: Error, Sendable, Equatable {
    package var code: Code
    package var message: String
    /// `Reason` of a `TooManyRequestsException`.
    package var reason: String?
    /// The whole of what went wrong, for the log alone; nil where ``message`` says it.
    package var cause: String?
    /// Seconds, for the `Retry-After` header of a `TooManyRequestsException`.
    package var retryAfterSeconds: Int?
    /// Some refusals come without the ``Code/faultType`` that others of their code have.
    package var omitsType = false

    package init(
        code: Code, message: String, reason: String? = nil, retryAfterSeconds: Int? = nil, cause: String? = nil,
        omitsType: Bool = false
    ) {
        self.code = code
        self.message = message
        self.reason = reason
        self.retryAfterSeconds = retryAfterSeconds
        self.cause = cause
        self.omitsType = omitsType
    }

    /// A failure of ours.
    /// - Parameter detail: what the log says of it; the client gets what ``ClientText`` leaves.
    package init(_ code: Code, of detail: String) {
        let message = ClientText.of(detail)
        self.init(code: code, message: message, cause: message == detail ? nil : detail)
    }

    /// One case per error type of the API; the type's name and status are as in AWS's service model.
    package enum Code: String, Sendable, CaseIterable {
        case accessDenied = "AccessDeniedException"
        case codeSigningConfigNotFound = "CodeSigningConfigNotFoundException"
        case codeStorageExceeded = "CodeStorageExceededException"
        case incompleteSignature = "IncompleteSignatureException"
        case invalidParameterValue = "InvalidParameterValueException"
        case invalidRequestContent = "InvalidRequestContentException"
        case invalidRuntime = "InvalidRuntimeException"
        case invalidSignature = "InvalidSignatureException"
        case invalidSubnetID = "InvalidSubnetIDException"
        case invalidZipFile = "InvalidZipFileException"
        case missingAuthenticationToken = "MissingAuthenticationTokenException"
        case policyLengthExceeded = "PolicyLengthExceededException"
        case preconditionFailed = "PreconditionFailedException"
        case provisionedConcurrencyConfigNotFound = "ProvisionedConcurrencyConfigNotFoundException"
        case requestEntityTooLarge = "RequestEntityTooLargeException"
        case requestTooLarge = "RequestTooLargeException"
        case resourceConflict = "ResourceConflictException"
        case resourceNotFound = "ResourceNotFoundException"
        case resourceNotReady = "ResourceNotReadyException"
        case serialization = "SerializationException"
        case service = "ServiceException"
        case snapStart = "SnapStartException"
        case snapStartNotReady = "SnapStartNotReadyException"
        case snapStartTimeout = "SnapStartTimeoutException"
        case tooManyRequests = "TooManyRequestsException"
        case unknownOperation = "UnknownOperationException"
        case unrecognizedClient = "UnrecognizedClientException"
        case unsupportedMediaType = "UnsupportedMediaTypeException"
        case validation = "ValidationException"
    }
}

extension LambdaError: CustomStringConvertible {
    /// For the log: clients get ``message``.
    package var description: String { "\(code.name): \(cause ?? message)" }
}

extension LambdaError.Code {
    /// The value of `x-amzn-ErrorType`, such as `ResourceNotFoundException`.
    package var name: String { rawValue }

    package var httpStatus: Int {
        switch self {
        case .codeStorageExceeded, .invalidParameterValue, .invalidRequestContent, .policyLengthExceeded,
            .serialization, .snapStart, .validation:
            400
        case .accessDenied, .incompleteSignature, .invalidSignature, .missingAuthenticationToken, .unrecognizedClient:
            403
        case .codeSigningConfigNotFound, .provisionedConcurrencyConfigNotFound, .resourceNotFound, .unknownOperation:
            404
        case .snapStartTimeout: 408
        case .resourceConflict, .snapStartNotReady: 409
        case .preconditionFailed: 412
        case .requestEntityTooLarge, .requestTooLarge: 413
        case .unsupportedMediaType: 415
        case .tooManyRequests: 429
        case .service: 500
        case .invalidRuntime, .invalidSubnetID, .invalidZipFile, .resourceNotReady: 502
        }
    }

    /// The body's member that carries the message. Its case differs from type to type in AWS's service model, and the
    /// typed clients read only the one that belongs to the type.
    package var messageKey: String {
        switch self {
        case .accessDenied, .codeSigningConfigNotFound, .invalidRuntime, .invalidSubnetID, .invalidZipFile,
            .resourceNotFound, .serialization, .service, .snapStart, .snapStartNotReady, .snapStartTimeout:
            "Message"
        case .codeStorageExceeded, .incompleteSignature, .invalidParameterValue, .invalidRequestContent,
            .invalidSignature, .missingAuthenticationToken, .policyLengthExceeded, .preconditionFailed,
            .provisionedConcurrencyConfigNotFound, .requestEntityTooLarge, .requestTooLarge, .resourceConflict,
            .resourceNotReady, .tooManyRequests, .unknownOperation, .unrecognizedClient,
            .unsupportedMediaType, .validation:
            "message"
        }
    }

    /// The body's `Type`: whose fault it is. nil for the errors that AWS's front door gives, which have no such member.
    package var faultType: String? {
        switch self {
        case .accessDenied, .incompleteSignature, .invalidSignature, .missingAuthenticationToken,
            .requestEntityTooLarge, .serialization, .unknownOperation, .unrecognizedClient, .validation:
            nil
        case .invalidRuntime, .invalidSubnetID, .invalidZipFile, .resourceNotReady, .service: "Service"
        case .codeSigningConfigNotFound, .codeStorageExceeded, .invalidParameterValue, .invalidRequestContent,
            .policyLengthExceeded, .preconditionFailed, .provisionedConcurrencyConfigNotFound, .requestTooLarge,
            .resourceConflict, .resourceNotFound, .snapStart, .snapStartNotReady, .snapStartTimeout, .tooManyRequests,
            .unsupportedMediaType:
            "User"
        }
    }

    package var carriesType: Bool { faultType != nil }
}
