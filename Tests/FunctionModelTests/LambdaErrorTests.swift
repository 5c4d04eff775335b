import FunctionModel
import Testing

@Suite struct LambdaErrorTests {
    /// As in botocore's service model for 2015-03-31; those without a type are the front door's.
    @Test(
        "every error has the name, status and members of AWS's service model",
        arguments: [
            (.codeSigningConfigNotFound, "CodeSigningConfigNotFoundException", 404, "Message", "User"),
            (.codeStorageExceeded, "CodeStorageExceededException", 400, "message", "User"),
            (.invalidParameterValue, "InvalidParameterValueException", 400, "message", "User"),
            (.invalidRequestContent, "InvalidRequestContentException", 400, "message", "User"),
            (.invalidRuntime, "InvalidRuntimeException", 502, "Message", "Service"),
            (.invalidSubnetID, "InvalidSubnetIDException", 502, "Message", "Service"),
            (.invalidZipFile, "InvalidZipFileException", 502, "Message", "Service"),
            (.policyLengthExceeded, "PolicyLengthExceededException", 400, "message", "User"),
            (.preconditionFailed, "PreconditionFailedException", 412, "message", "User"),
            (
                .provisionedConcurrencyConfigNotFound, "ProvisionedConcurrencyConfigNotFoundException", 404, "message",
                "User"
            ),
            (.requestTooLarge, "RequestTooLargeException", 413, "message", "User"),
            (.resourceConflict, "ResourceConflictException", 409, "message", "User"),
            (.resourceNotFound, "ResourceNotFoundException", 404, "Message", "User"),
            (.resourceNotReady, "ResourceNotReadyException", 502, "message", "Service"),
            (.service, "ServiceException", 500, "Message", "Service"),
            (.snapStart, "SnapStartException", 400, "Message", "User"),
            (.snapStartNotReady, "SnapStartNotReadyException", 409, "Message", "User"),
            (.snapStartTimeout, "SnapStartTimeoutException", 408, "Message", "User"),
            (.tooManyRequests, "TooManyRequestsException", 429, "message", "User"),
            (.unsupportedMediaType, "UnsupportedMediaTypeException", 415, "message", "User"),
            (.accessDenied, "AccessDeniedException", 403, "Message", nil),
            (.incompleteSignature, "IncompleteSignatureException", 403, "message", nil),
            (.invalidSignature, "InvalidSignatureException", 403, "message", nil),
            (.missingAuthenticationToken, "MissingAuthenticationTokenException", 403, "message", nil),
            (.requestEntityTooLarge, "RequestEntityTooLargeException", 413, "message", nil),
            (.serialization, "SerializationException", 400, "Message", nil),
            (.unknownOperation, "UnknownOperationException", 404, "message", nil),
            (.unrecognizedClient, "UnrecognizedClientException", 403, "message", nil),
            (.validation, "ValidationException", 400, "message", nil),
        ] as [(LambdaError.Code, String, Int, String, String?)])
    func wire(code: LambdaError.Code, name: String, status: Int, key: String, type: String?) {
        #expect(code.name == name)
        #expect(code.httpStatus == status)
        #expect(code.messageKey == key)
        #expect(code.faultType == type)
        #expect(code.carriesType == (type != nil))
    }

    @Test("the table above leaves no code out")
    func complete() { #expect(LambdaError.Code.allCases.count == 29) }

    @Test(
        "the recorded texts are AWS's",
        arguments: [
            (.functionAlreadyExists(name: "f"), "Function already exist: f"),
            (.unreachableRegion("a", from: "b"), "Functions from 'a' are not reachable in this region ('b')"),
            (
                .updateInProgress(arn: "X"),
                "The operation cannot be performed at this time. An update is in progress for resource: X"
            ),
            (
                .wrongState("Pending"),
                "The operation cannot be performed at this time. "
                    + "The function is currently in the following state: Pending"
            ),
            (.zippedTooLarge, "Zipped size must be smaller than 52428800 bytes"),
            (.unzippedTooLarge, "Unzipped size must be smaller than 262144000 bytes"),
            (
                .requestTooLarge(operation: "CreateFunction"),
                "Request must be smaller than 70167211 bytes for the CreateFunction operation"
            ),
            (.latestCannotBeDeleted, "$LATEST version cannot be deleted without deleting the function."),
            (.throttled(.concurrentInvocations), "Rate Exceeded."),
            (
                .codeSha256Mismatch(given: "a", current: "b"),
                "CodeSHA256 (a) is different from current CodeSHA256 in $LATEST (b). "
                    + "Please try again with the CodeSHA256 in $LATEST."
            ),
            (
                .revisionMismatch,
                "The Revision Id provided does not match the latest Revision Id. "
                    + "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
            ),
        ] as [(LambdaError, String)])
    func texts(error: LambdaError, text: String) { #expect(error.message == text) }

    @Test("a throttled call says which limit it met")
    func throttling() {
        let error = LambdaError.throttled(.concurrentSnapshots, retryAfterSeconds: 3)
        #expect(error.reason == "ConcurrentSnapshotCreateLimitExceeded")
        #expect(error.retryAfterSeconds == 3)
        #expect(error.message.hasSuffix("concurrent snapshot creation limit"))
    }
}

@Suite struct CodeReferenceTests {
    @Test("a digest reads the same in base64 and hexadecimal")
    func digest() {
        // SHA-256 of nothing.
        let code = CodeReference(sha256: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", size: 0)
        #expect(
            code.hexadecimalDigest == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        let bytes = (0..<32).map { UInt8(255 - $0 * 3) }
        #expect(CodeReference(digest: bytes, size: 1).hexadecimalDigest?.hasPrefix("fffcf9f6") == true)
    }

    @Test(
        "a text that is not exactly one digest has no hexadecimal form",
        arguments: [
            "", "AAAA", "../../../../etc/passwd", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=",  // a bit that stands for nothing
            "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",  // the other alphabet
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "=", String(repeating: "=", count: 44),
            String(repeating: "A", count: 44),
        ])
    func hostile(text: String) { #expect(CodeReference(sha256: text, size: 0).hexadecimalDigest == nil) }
}
