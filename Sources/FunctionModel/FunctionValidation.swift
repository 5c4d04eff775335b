/// The checks of CreateFunction, UpdateFunctionConfiguration and the list calls, in AWS's order and wording.
///
/// AWS checks in two layers. What its service model says (lengths, patterns, enumerations) is collected into one
/// `ValidationException`; what Lambda itself decides comes after, one `InvalidParameterValueException` at a time.
package enum FunctionValidation {
    /// Checks what CreateFunction was given. The name is checked by ``FunctionReference/init(creating:in:)``.
    package static func checkCreation(_ members: FunctionMembers, by server: ServerAbilities) throws(LambdaError) {
        var violations = modelViolations(of: members)
        if members.role == nil { violations.addMissing(at: "role") }
        try violations.throwIfAny()
        if !members.isImage, members.runtime == nil || members.handler == nil { throw .runtimeAndHandlerMissing }
        try checkPackage(members)
        try checkService(members, by: server)
    }

    /// Checks what a function of the one package cannot have of the other.
    package static func checkPackage(_ members: FunctionMembers) throws(LambdaError) {
        if members.isImage {
            guard members.runtime == nil, members.handler == nil, members.layers?.isEmpty != false else {
                throw .zipMembersForImage
            }
        } else if members.imageSettings?.isEmpty == false {
            throw .imageConfigForZip
        }
    }

    /// Checks what UpdateFunctionConfiguration was given: every member may be missing.
    package static func checkUpdate(_ members: FunctionMembers, by server: ServerAbilities) throws(LambdaError) {
        try modelViolations(of: members).throwIfAny()
        try checkService(members, by: server)
    }

    /// Checks members that only together are wrong; call it on the configuration that a request would result in.
    package static func checkCombination(_ configuration: FunctionConfiguration) throws(LambdaError) {
        guard configuration.snapStart.applyOn == .publishedVersions else { return }
        if configuration.ephemeralStorage > Limits.snapStartEphemeralStorage {
            throw .unsupportedWithSnapStart("EphemeralStorage above \(Limits.snapStartEphemeralStorage) MB")
        }
    }

    package static func snapStartApplyOn(_ text: String) throws(LambdaError) -> SnapStart.ApplyOn {
        if let value = SnapStart.ApplyOn(rawValue: text) { return value }
        var violations = ConstraintViolations()
        violations.add(text, at: "snapStart.applyOn", .oneOf(snapStartValues))
        try violations.throwIfAny()
        return .none
    }

    /// Checks the `Description` of PublishVersion.
    package static func checkDescription(_ text: String?) throws(LambdaError) {
        var violations = ConstraintViolations()
        if let text { violations.checkDescription(text) }
        try violations.throwIfAny()
    }

    /// Checks `MaxItems` of a list call.
    package static func checkPage(maximumItems: Int?) throws(LambdaError) {
        var violations = ConstraintViolations()
        if let maximumItems { violations.checkRange(maximumItems, at: "maxItems", Limits.pageItems) }
        try violations.throwIfAny()
    }

    /// Reads `FunctionVersion` of ListFunctions: whether all versions are wanted.
    package static func wantsAllVersions(_ text: String?) throws(LambdaError) -> Bool {
        guard let text else { return false }
        if text == "ALL" { return true }
        var violations = ConstraintViolations()
        violations.add(text, at: "functionVersion", .oneOf(["ALL"]))
        try violations.throwIfAny()
        return false
    }

    /// Checks the size of an upload's zip, before it is looked into.
    package static func checkZip(size: Int) throws(LambdaError) {
        if size > Limits.zippedCode { throw .zippedTooLarge }
        if size == 0 { throw .notAZip }
    }
}

/// What AWS's service model says.
extension FunctionValidation {
    private static let snapStartValues = SnapStart.ApplyOn.allCases.map(\.rawValue)
    private static let architectures = ["x86_64", "arm64"]
    private static let tracingModes = ["Active", "PassThrough"]

    private static func modelViolations(of members: FunctionMembers) -> ConstraintViolations {
        var violations = ConstraintViolations()
        if let role = members.role, !isRole(role) {
            violations.add(
                role, at: "role", .pattern(#"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"#))
        }
        if let handler = members.handler { violations.checkHandler(handler) }
        if let description = members.description { violations.checkDescription(description) }
        if let timeout = members.timeout { violations.checkRange(timeout, at: "timeout", Limits.timeoutSeconds) }
        if let size = members.memorySize { violations.checkRange(size, at: "memorySize", Limits.modelledMemory) }
        if let size = members.ephemeralStorage {
            violations.checkRange(size, at: "ephemeralStorage.size", Limits.ephemeralStorage)
        }
        if let given = members.architectures { violations.checkArchitectures(given, known: architectures) }
        if let mode = members.tracingMode, !tracingModes.contains(mode) {
            violations.add(mode, at: "tracingConfig.mode", .oneOf(tracingModes))
        }
        if let applyOn = members.snapStart, SnapStart.ApplyOn(rawValue: applyOn) == nil {
            violations.add(applyOn, at: "snapStart.applyOn", .oneOf(snapStartValues))
        }
        if let logging = members.logging { violations.checkLogging(logging) }
        if let vpc = members.vpc { violations.checkVPC(vpc) }
        if let layers = members.layers { violations.checkLayers(layers) }
        if let environment = members.environment { violations.checkEnvironmentNames(environment) }
        if let tags = members.tags { violations.checkTags(tags) }
        return violations
    }

    /// `arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`
    private static func isRole(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 6, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "iam", parts[3].isEmpty else { return false }
        let partition = parts[1].utf8
        let partitionFits =
            partition.isEmpty
            || (parts[1].hasPrefix("aws") && partition.allSatisfy { $0.isLetter || $0 == UInt8(ascii: "-") })
        guard partitionFits, parts[4].utf8.count == 12, parts[4].utf8.allSatisfy(\.isDigit),
            parts[5].hasPrefix("role")
        else { return false }
        let path = parts[5].utf8.dropFirst("role".utf8.count)
        let marks = Array("+=,.@/".utf8)
        // The slash after "role" is optional in the pattern, and the path may begin with one of its own.
        return path.contains { $0 != UInt8(ascii: "/") || path.count > 1 }
            && path.allSatisfy { $0.isNameCharacter || marks.contains($0) }
    }
}

/// What Lambda decides after that.
extension FunctionValidation {
    private static func checkService(_ members: FunctionMembers, by server: ServerAbilities) throws(LambdaError) {
        if let runtime = members.runtime { try checkRuntime(runtime, available: server.runtimes) }
        if let missing = members.architectures?.first(where: { !server.architectures.contains($0) }) {
            throw .unavailable(architecture: missing, available: server.architectures)
        }
        if let size = members.memorySize, !Limits.memory.contains(size) { throw .memoryAboveQuota }
        if let environment = members.environment { try checkEnvironment(environment, members.environmentOrder) }
        if let tags = members.tags { try checkMeaning(of: tags, by: server) }
        try checkNetwork(of: members)
    }

    private static func checkRuntime(_ runtime: String, available: [String]) throws(LambdaError) {
        if available.contains(runtime) { return }
        if Runtimes.retired.contains(runtime) { throw .retired(runtime: runtime) }
        if Runtimes.current.contains(runtime) { throw .unavailable(runtime: runtime, available: available) }
        throw .unknown(runtime: runtime)
    }

    private static func checkEnvironment(
        _ variables: [String: String], _ order: [String]?
    ) throws(LambdaError) {
        let reserved = variables.keys.filter(EnvironmentVariables.reserved.contains).sorted()
        if !reserved.isEmpty { throw .reservedVariables(reserved) }
        if let name = variables.filter({ $0.value.utf8.contains(0) }).keys.min() { throw .nulInVariable(name) }
        let measured = EnvironmentVariables.compactJSON(variables, order: order)
        if measured.utf8.count > Limits.environment { throw .environmentTooLarge(measured: measured) }
    }
}

extension ConstraintViolations {
    fileprivate mutating func checkDescription(_ text: String) {
        if text.utf16.count > Limits.functionDescription {
            add(text, at: "description", .lengthAtMost(Limits.functionDescription))
        }
    }

    fileprivate mutating func checkHandler(_ text: String) {
        if text.utf16.count > Limits.handler { add(text, at: "handler", .lengthAtMost(Limits.handler)) }
        // Java's \s, which is what AWS's pattern means: six ASCII characters.
        if text.isEmpty || text.utf8.contains(where: { $0 == 0x20 || (0x09...0x0D).contains($0) }) {
            add(text, at: "handler", .pattern(#"[^\s]+"#))
        }
    }

    fileprivate mutating func checkArchitectures(_ given: [String], known: [String]) {
        let shown = "[\(given.joined(separator: ", "))]"
        if given.count > 1 { add(shown, at: "architectures", .lengthAtMost(1)) }
        if given.isEmpty { add(shown, at: "architectures", .lengthAtLeast(1)) }
        if !given.allSatisfy(known.contains) {
            let values = "Member must satisfy enum value set: [\(known.joined(separator: ", "))]"
            add(
                shown, at: "architectures",
                .elements("Member must satisfy constraint: [\(values), Member must not be null]"))
        }
    }

    /// `[a-zA-Z]([a-zA-Z0-9_])+`; `_` may not come first.
    fileprivate mutating func checkEnvironmentNames(_ variables: [String: String]) {
        let fits = variables.keys.allSatisfy { name in
            name.utf8.count > 1 && (name.utf8.first?.isLetter ?? false)
                && name.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
        }
        // Two of the reserved names begin with an underscore; AWS calls them reserved rather than misspelt.
        let reserved = variables.keys.contains { $0.hasPrefix("_") && EnvironmentVariables.reserved.contains($0) }
        guard !fits, !reserved else { return }
        addSensitive(
            at: "environment.variables",
            .elements(
                """
                Map keys must satisfy constraint: [Member must satisfy regular expression pattern: \
                [a-zA-Z]([a-zA-Z0-9_])+]
                """))
    }
}
