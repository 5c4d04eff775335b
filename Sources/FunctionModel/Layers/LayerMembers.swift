/// What PublishLayerVersion was given beside the archive; nil means "not given".
package struct LayerMembers: Sendable, Equatable {
    package var description: String?
    package var licenseInfo: String?
    package var compatibleRuntimes: [String]?
    package var compatibleArchitectures: [String]?

    package init(
        description: String? = nil, licenseInfo: String? = nil, compatibleRuntimes: [String]? = nil,
        compatibleArchitectures: [String]? = nil
    ) {
        self.description = description
        self.licenseInfo = licenseInfo
        self.compatibleRuntimes = compatibleRuntimes
        self.compatibleArchitectures = compatibleArchitectures
    }

    package func check(_ violations: inout ConstraintViolations) {
        if let description, description.utf16.count > Limits.functionDescription {
            violations.add(description, at: "description", .lengthAtMost(Limits.functionDescription))
        }
        if let licenseInfo, licenseInfo.utf16.count > Limits.layerLicense {
            violations.add(licenseInfo, at: "licenseInfo", .lengthAtMost(Limits.layerLicense))
        }
        if let compatibleRuntimes {
            let shown = "[\(compatibleRuntimes.joined(separator: ", "))]"
            if compatibleRuntimes.count > Limits.layerRuntimes {
                violations.add(shown, at: "compatibleRuntimes", .lengthAtMost(Limits.layerRuntimes))
            }
            // Older ones than those that AWS names are taken.
            if !compatibleRuntimes.allSatisfy(Runtimes.listed.contains) {
                violations.add(shown, at: "compatibleRuntimes", .oneOf(Runtimes.current))
            }
        }
        if let compatibleArchitectures {
            let shown = "[\(compatibleArchitectures.joined(separator: ", "))]"
            if compatibleArchitectures.count > Self.architectures.count {
                violations.add(shown, at: "compatibleArchitectures", .lengthAtMost(Self.architectures.count))
            }
            if !compatibleArchitectures.allSatisfy(Self.architectures.contains) {
                let values = "Member must satisfy enum value set: [\(Self.architectures.joined(separator: ", "))]"
                violations.add(
                    shown, at: "compatibleArchitectures",
                    .elements("Member must satisfy constraint: [\(values), Member must not be null]"))
            }
        }
    }

    fileprivate static let architectures = ["x86_64", "arm64"]
}

/// What AddLayerVersionPermission was given.
package struct LayerPermissionMembers: Sendable {
    package var statementID: String?
    package var action: String?
    package var principal: String?
    package var organization: String?

    package init(
        statementID: String? = nil, action: String? = nil, principal: String? = nil, organization: String? = nil
    ) {
        self.statementID = statementID
        self.action = action
        self.principal = principal
        self.organization = organization
    }

    /// The statement, if AWS's model lets everything through.
    package func statement(partition: String) throws(LambdaError) -> PolicyStatement {
        var violations = ConstraintViolations()
        violations.checkNewStatementID(statementID)
        if let action {
            if action.utf8.count > Self.action.utf8.count {
                violations.add(action, at: "action", .lengthAtMost(Self.action.utf8.count))
            }
            if action != Self.action { violations.add(action, at: "action", .pattern(Self.action)) }
        } else {
            violations.addMissing(at: "action")
        }
        if let principal {
            if !Self.isPrincipal(principal) {
                violations.add(
                    principal, at: "principal", .pattern(#"\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root"#))
            }
        } else {
            violations.addMissing(at: "principal")
        }
        if let organization { violations.addOrganization(organization, at: "organizationId", shortest: 0) }
        try violations.throwIfAny()
        guard let statementID, let action, let principal, let who = PolicyPrincipal(principal, partition: partition)
        else { throw .principalInvalid }
        return PolicyStatement(id: statementID, action: action, principal: who, principalOrganization: organization)
    }

    private static let action = "lambda:GetLayerVersion"

    private static func isPrincipal(_ text: String) -> Bool {
        func isAccount(_ part: Substring) -> Bool { part.utf8.count == 12 && part.utf8.allSatisfy(\.isDigit) }
        if text == "*" || isAccount(text[...]) { return true }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 6 && parts[0] == "arn" && parts[1].hasPrefix("aws")
            && parts[1].utf8.allSatisfy { $0.isLetter || $0 == UInt8(ascii: "-") } && parts[2] == "iam"
            && parts[3].isEmpty && isAccount(parts[4]) && parts[5] == "root"
    }
}

extension FunctionValidation {
    /// Checks what ListLayers and ListLayerVersions were given.
    package static func checkLayerList(
        _ filter: LayerFilter, maximumItems: Int?, also check: (inout ConstraintViolations) -> Void = { _ in }
    ) throws(LambdaError) {
        var violations = ConstraintViolations()
        check(&violations)
        if let runtime = filter.runtime, !Runtimes.listed.contains(runtime) {
            violations.add(runtime, at: "compatibleRuntime", .oneOf(Runtimes.listed))
        }
        if let architecture = filter.architecture, !LayerMembers.architectures.contains(architecture) {
            violations.add(architecture, at: "compatibleArchitecture", .oneOf(LayerMembers.architectures))
        }
        if let maximumItems { violations.checkRange(maximumItems, at: "maxItems", Limits.layerPageItems) }
        try violations.throwIfAny()
    }
}

extension LayerARN {
    /// What GetLayerVersionByArn and `Layers` take, as AWS prints the pattern.
    static let versionPattern = #"""
        (arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:\#
        [0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)
        """#
    private static let namePattern =
        #"(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+"#

    /// Reads the ARN of a version.
    package init(version text: String) throws(LambdaError) {
        var violations = ConstraintViolations()
        if text.utf8.count > Limits.layerName { violations.add(text, at: "arn", .lengthAtMost(Limits.layerName)) }
        guard let arn = LayerARN(matching: text) else {
            violations.add(text, at: "arn", .pattern(Self.versionPattern))
            try violations.throwIfAny()
            throw .resourceNotFound
        }
        try violations.throwIfAny()
        self = arn
    }

    /// An ARN that ``versionPattern`` takes, but for those of AWS's own layers, which name no version.
    init?(matching text: String) {
        guard let arn = LayerARN(text), arn.version != nil, Self.isPartition(arn.scope.partition),
            FunctionNamePattern.isRegion(arn.scope.region[...])
        else { return nil }
        self = arn
    }

    private static func isPartition(_ text: String) -> Bool {
        text.hasPrefix("aws") && text.utf8.allSatisfy { $0.isLetter || $0 == UInt8(ascii: "-") }
    }

    /// Reads `LayerName`: a name, or the ARN of a layer.
    ///
    /// - Parameter check: what else the same answer is to name.
    package init(
        name text: String, version: Int? = nil, in scope: AccountScope,
        also check: (inout ConstraintViolations) -> Void = { _ in }
    ) throws(LambdaError) {
        var violations = ConstraintViolations()
        let arn = LayerARN(text)
        if text.utf8.count > Limits.layerName { violations.add(text, at: "layerName", .lengthAtMost(Limits.layerName)) }
        if text.isEmpty { violations.add(text, at: "layerName", .lengthAtLeast(1)) }
        if !(Self.isName(text) || (arn != nil && arn?.version == nil)) {
            violations.add(text, at: "layerName", .pattern(Self.namePattern))
        }
        check(&violations)
        try violations.throwIfAny()
        if let version, version < 1 { throw .layerVersionBelowOne }
        self.init(scope: arn?.scope ?? scope, name: arn?.name ?? text, version: version)
    }

    /// Refuses a layer that is somebody else's.
    package func checkReachable(from scope: AccountScope, for action: String) throws(LambdaError) {
        if self.scope != scope { throw .layerForbidden(action, on: self, of: scope) }
    }
}
