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
}
