/// How a version's runtime is updated: `UpdateRuntimeOn`.
package struct RuntimeManagement: Codable, Sendable, Equatable {
    package var updateOn = "Auto"
    /// With `Manual`: the version that stays.
    package var runtimeVersionARN: String?

    package init() {}

    private static let choices = ["Auto", "Manual", "FunctionUpdate"]

    /// Reads what PutRuntimeManagementConfig was given.
    package init(checking updateOn: String?, runtimeVersionARN: String?) throws(LambdaError) {
        self.updateOn = try FunctionValidation.checkChoice(updateOn, at: "updateRuntimeOn", among: Self.choices)
        self.runtimeVersionARN = runtimeVersionARN
        if self.updateOn == "Manual", runtimeVersionARN == nil { throw .runtimeVersionMissing }
        if self.updateOn != "Manual", runtimeVersionARN != nil { throw .runtimeVersionNotManual }
    }
}

/// What CreateCodeSigningConfig and UpdateCodeSigningConfig were given; nil means "not given".
package struct CodeSigningMembers: Sendable, Equatable {
    package var description: String?
    package var publishers: [String]?
    package var policy: String?

    package init(description: String? = nil, publishers: [String]? = nil, policy: String? = nil) {
        self.description = description
        self.publishers = publishers
        self.policy = policy
    }

    package static let standardPolicy = "Warn"

    package func check(isNew: Bool) throws(LambdaError) {
        var violations = ConstraintViolations()
        if let description, description.utf16.count > Limits.functionDescription {
            violations.add(description, at: "description", .lengthAtMost(Limits.functionDescription))
        }
        if isNew, publishers == nil { violations.addMissing(at: "allowedPublishers") }
        if let publishers, !(1...20).contains(publishers.count) {
            let shown = "[\(publishers.joined(separator: ", "))]"
            violations.add(
                shown, at: "allowedPublishers.signingProfileVersionArns",
                publishers.isEmpty ? .lengthAtLeast(1) : .lengthAtMost(20))
        }
        if let policy, !["Warn", "Enforce"].contains(policy) {
            violations.add(
                policy, at: "codeSigningPolicies.untrustedArtifactOnDeployment", .oneOf(["Warn", "Enforce"]))
        }
        try violations.throwIfAny()
    }
}

extension FunctionValidation {
    /// Reads a required member that is one of some texts.
    package static func checkChoice(
        _ text: String?, at path: String, among choices: [String]
    ) throws(LambdaError) -> String {
        var violations = ConstraintViolations()
        if let text {
            if !choices.contains(text) { violations.add(text, at: path, .oneOf(choices)) }
        } else {
            violations.addMissing(at: path)
        }
        try violations.throwIfAny()
        return text ?? ""
    }
}

extension AccountScope {
    /// `arn:aws:lambda:REGION:ACCOUNT:code-signing-config:ID`
    package func codeSigningARN(_ id: String) -> String { codeSigningPrefix + id }

    /// The id in an ARN of this account; nil when it is none.
    package func codeSigningID(in arn: String) -> String? {
        guard arn.hasPrefix(codeSigningPrefix) else { return nil }
        let id = arn.dropFirst(codeSigningPrefix.count)
        return CodeSigningConfiguration.isID(id) ? String(id) : nil
    }

    private var codeSigningPrefix: String { "arn:\(partition):lambda:\(region):\(accountID):code-signing-config:" }
}

extension LambdaError {
    /// What the actions on code signing configurations say, without a `Type`.
    package static func codeSigningNotFound(_ arn: String) -> Self {
        Self(
            code: .resourceNotFound, message: "The Lambda code signing configuration \(arn) can not be found.",
            omitsType: true)
    }

    /// What a function says that is to have one.
    package static func codeSigningMissing(_ arn: String) -> Self {
        Self(
            code: .codeSigningConfigNotFound,
            message: """
                The code signing configuration cannot be found. Check that the provided configuration is not deleted: \(arn).
                """)
    }

    package static func codeSigningInUse(_ arn: String) -> Self {
        Self(
            code: .resourceConflict,
            message: "The code signing configuration \(arn) is in use. Take it away from its functions first.")
    }

    static let runtimeVersionMissing = Self(
        code: .invalidParameterValue, message: "RuntimeVersionArn is required when UpdateRuntimeOn is Manual.")

    static let runtimeVersionNotManual = Self(
        code: .invalidParameterValue, message: "RuntimeVersionArn can be set only when UpdateRuntimeOn is Manual.")
}
