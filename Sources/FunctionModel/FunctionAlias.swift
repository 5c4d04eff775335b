/// A name for a version of a function, which can be moved to another.
package struct FunctionAlias: Codable, Sendable, Equatable {
    package var functionName: String
    package var name: String
    package var version: FunctionVersion
    package var description: String
    /// `AdditionalVersionWeights`, which has at most one entry.
    package var shift: Shift?
    /// Changes with every change: what clients send back to detect a race.
    package var revisionID: String

    /// The share of invocations that another version gets.
    package struct Shift: Codable, Sendable, Equatable {
        package var version: FunctionVersion
        /// 0–1.
        package var weight: Double

        package init(version: FunctionVersion, weight: Double) {
            self.version = version
            self.weight = weight
        }
    }

    package init(
        functionName: String, name: String, version: FunctionVersion, description: String = "", shift: Shift? = nil,
        revisionID: String = FunctionConfiguration.makeRevisionID()
    ) {
        self.functionName = functionName
        self.name = name
        self.version = version
        self.description = description
        self.shift = shift
        self.revisionID = revisionID
    }

    /// The versions that it leads to.
    package var versions: [FunctionVersion] { [version] + (shift.map { [$0.version] } ?? []) }

    /// The version that an invocation gets.
    ///
    /// - Parameter draw: drawn evenly from 0 to 1, 1 left out.
    package func version(drawing draw: Double) -> FunctionVersion {
        if let shift, draw < shift.weight { shift.version } else { version }
    }
}

/// What CreateAlias and UpdateAlias were given; nil means "not given".
package struct AliasMembers: Sendable, Equatable {
    package var functionVersion: String?
    package var description: String?
    /// `RoutingConfig.AdditionalVersionWeights`; empty for a `RoutingConfig` without weights.
    package var weights: [String: Double]?
    package var revisionID: String?

    package init(
        functionVersion: String? = nil, description: String? = nil, weights: [String: Double]? = nil,
        revisionID: String? = nil
    ) {
        self.functionVersion = functionVersion
        self.description = description
        self.weights = weights
        self.revisionID = revisionID
    }
}

/// What AWS's service model says of aliases, and what Lambda decides after that.
package enum AliasValidation {
    /// Checks what CreateAlias was given.
    package static func checkCreation(name: String?, _ members: AliasMembers) throws(LambdaError) {
        var violations = ConstraintViolations()
        if let name { violations.checkAliasName(name) } else { violations.addMissing(at: "name") }
        if members.functionVersion == nil { violations.addMissing(at: "functionVersion") }
        violations.checkAlias(members)
        try violations.throwIfAny()
    }

    /// Checks what UpdateAlias was given.
    package static func checkUpdate(name: String, _ members: AliasMembers) throws(LambdaError) {
        var violations = ConstraintViolations()
        violations.checkAliasName(name)
        violations.checkAlias(members)
        try violations.throwIfAny()
    }

    /// Checks the `Name` of a call that names an alias.
    package static func checkName(_ name: String) throws(LambdaError) {
        var violations = ConstraintViolations()
        violations.checkAliasName(name)
        try violations.throwIfAny()
    }

    /// Reads the `FunctionVersion` by which ListAliases chooses.
    package static func listedVersion(_ text: String?) throws(LambdaError) -> FunctionVersion? {
        guard let text, !text.isEmpty else { return nil }
        var violations = ConstraintViolations()
        violations.checkAliasVersion(text)
        try violations.throwIfAny()
        // Digits that no version has: no alias leads there.
        return FunctionVersion(qualifier: text) ?? .published(Int.max)
    }

    /// Reads `FunctionVersion` for an alias of a function: digits that no version has are a version that does not exist.
    package static func version(_ text: String, of function: FunctionARN) throws(LambdaError) -> FunctionVersion {
        if let version = FunctionVersion(qualifier: text) { return version }
        throw .functionNotFound(FunctionARN(scope: function.scope, name: function.name, qualifier: text))
    }

    /// Reads `AdditionalVersionWeights` for an alias of `version`.
    package static func shift(
        _ weights: [String: Double], beside version: FunctionVersion, of function: FunctionARN
    ) throws(LambdaError) -> FunctionAlias.Shift? {
        guard weights.count < 2 else { throw .severalShifts }
        guard let (key, weight) = weights.first else { return nil }
        let other = try Self.version(key, of: function)
        if version == .latest { throw .shiftBesideLatest }
        if other == version { throw .shiftToSameVersion(version) }
        return FunctionAlias.Shift(version: other, weight: weight)
    }
}

extension ConstraintViolations {
    /// `(?!^[0-9]+$)([a-zA-Z0-9-_]+)`
    fileprivate mutating func checkAliasName(_ name: String) {
        if name.utf8.count > Limits.qualifier { add(name, at: "name", .lengthAtMost(Limits.qualifier)) }
        let fits = name.utf8.allSatisfy(\.isNameCharacter) && !name.utf8.allSatisfy(\.isDigit)
        if !fits { add(name, at: "name", .pattern("(?!^[0-9]+$)([a-zA-Z0-9-_]+)")) }
    }

    fileprivate mutating func checkAlias(_ members: AliasMembers) {
        if let text = members.functionVersion { checkAliasVersion(text) }
        if let text = members.description, text.utf16.count > Limits.functionDescription {
            add(text, at: "description", .lengthAtMost(Limits.functionDescription))
        }
        if let weights = members.weights { checkWeights(weights) }
    }

    fileprivate mutating func checkAliasVersion(_ text: String) {
        if text.utf8.count > Limits.functionVersion {
            add(text, at: "functionVersion", .lengthAtMost(Limits.functionVersion))
        }
        if text != "$LATEST", text.isEmpty || !text.utf8.allSatisfy(\.isDigit) {
            add(text, at: "functionVersion", .pattern(#"(\$LATEST|[0-9]+)"#))
        }
    }

    private mutating func checkWeights(_ weights: [String: Double]) {
        let path = "routingConfig.additionalVersionWeights"
        let shown = "{\(weights.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", "))}"
        let isNumber: (String) -> Bool = { key in
            (1...Limits.functionVersion).contains(key.utf8.count) && key.utf8.allSatisfy(\.isDigit)
        }
        if !weights.keys.allSatisfy(isNumber) {
            add(
                shown, at: path,
                .elements(
                    """
                    Map keys must satisfy constraint: [Member must have length less than or equal to \
                    \(Limits.functionVersion), Member must have length greater than or equal to 1, \
                    Member must satisfy regular expression pattern: [0-9]+]
                    """))
        }
        if !weights.values.allSatisfy({ (0...1).contains($0) }) {
            add(
                shown, at: path,
                .elements(
                    """
                    Map value must satisfy constraint: [Member must have value less than or equal to 1.0, \
                    Member must have value greater than or equal to 0.0, Member must not be null]
                    """))
        }
    }
}
