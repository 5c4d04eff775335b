/// Aliases that are missing, present, or cannot be had.
extension LambdaError {
    /// What GetAlias says.
    package static func aliasNotFound(_ arn: FunctionARN) -> Self {
        Self(code: .resourceNotFound, message: "Cannot find alias arn: \(arn)")
    }

    /// What UpdateAlias says.
    package static func updatedAliasNotFound(_ arn: FunctionARN) -> Self {
        Self(code: .resourceNotFound, message: "Alias not found: \(arn)")
    }

    package static func aliasAlreadyExists(_ arn: FunctionARN) -> Self {
        Self(code: .resourceConflict, message: "Alias already exists: \(arn)")
    }

    package static func versionHasAliases(_ names: [String]) -> Self {
        Self(
            code: .resourceConflict,
            message: """
                Unable to delete version because the following aliases reference it: [\(names.joined(separator: ", "))]
                """)
    }

    static let severalShifts = Self(
        code: .invalidParameterValue,
        message: "Number of items in AdditionalVersionWeights cannot be greater than 1")

    static func shiftToSameVersion(_ version: FunctionVersion) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Invalid function version \(version). Function version \(version) is already included in routing \
                configuration.
                """)
    }

    /// One of the few refusals that AWS sends without a `Type`.
    static let shiftBesideLatest = Self(
        code: .invalidParameterValue,
        message: "$LATEST is not supported for an alias pointing to more than 1 version", omitsType: true)
}
