/// Concurrency that cannot be had.
extension LambdaError {
    /// PutFunctionConcurrency and DeleteFunctionConcurrency are of functions as a whole.
    package static let concurrencyOfVersion = Self(
        code: .invalidParameterValue,
        message: """
            This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please \
            specify either a function name or an unqualified function ARN.
            """)

    package static func reservedBelowMinimum(_ minimum: Int) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below \
                its minimum value of [\(minimum)].
                """, omitsType: true)
    }

    /// The spaces are AWS's.
    package static func reservedBelowProvisioned(_ reserved: Int, provisioned: Int) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                 ReservedConcurrentExecutions  \(reserved) should not be lower than function's total provisioned concurrency \
                [\(provisioned)].
                """, omitsType: true)
    }

    /// PutProvisionedConcurrencyConfig of `$LATEST`.
    package static let provisionedUnpublished = Self(
        code: .invalidParameterValue,
        message: "Provisioned Concurrency Configs cannot be applied to unpublished function versions.")

    /// GetProvisionedConcurrencyConfig and DeleteProvisionedConcurrencyConfig of `$LATEST`.
    package static let provisionedOfUnpublished = Self(
        code: .invalidParameterValue,
        message: "The function resource provided must be an alias or a published version.")

    package static let provisionedConcurrencyConfigNotFound = Self(
        code: .provisionedConcurrencyConfigNotFound,
        message: "No Provisioned Concurrency Config found for this function")

    package static let provisionedAboveReserved = Self(
        code: .invalidParameterValue,
        message: """
            Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function
            """)

    package static func provisionedAboveUnreserved(_ unreserved: Int) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Specified ConcurrentExecutions for function is greater than account's unreserved concurrency \
                [\(unreserved)].
                """, omitsType: true)
    }

    package static func provisionedBelowMinimum(_ minimum: Int) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its \
                minimum value of [\(minimum)].
                """, omitsType: true)
    }

    /// SnapStart's versions have nothing provisioned, unless the operator says otherwise.
    package static let provisionedWithSnapStart = unsupportedWithSnapStart("ProvisionedConcurrency")

    package static let aliasOfProvisionedVersion = Self(
        code: .resourceConflict,
        message: "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version")

    package static let versionOfProvisionedAlias = Self(
        code: .resourceConflict, message: "Version is pointed by a Provisioned Concurrency alias")
}
