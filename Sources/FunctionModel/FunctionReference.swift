/// How a caller names a function: by name, partial ARN or full ARN, each with or without a qualifier.
package struct FunctionReference: Sendable, Hashable {
    package var name: String
    /// As given: `$LATEST`, `7` or an alias; nil when none was given.
    package var qualifier: String?
    /// The region of the ARN, if it was one and had one.
    package var region: String?
    /// The account of the ARN, if it was one and had one.
    package var accountID: String?

    package init(name: String, qualifier: String? = nil) {
        self.name = name
        self.qualifier = qualifier
    }

    /// Reads what stands in a request's path, with the percent signs already decoded, and its `Qualifier`.
    ///
    /// As on AWS, a name is not refused for being longer than a function's name can be: there is just no such function.
    package init(parsing text: String, qualifier: String? = nil) throws(LambdaError) {
        var violations = ConstraintViolations()
        let parsed = FunctionNamePattern.any.match(text)
        if parsed == nil {
            violations.add(text, at: "functionName", .pattern(FunctionNamePattern.any.source))
        } else if text.utf8.count > Limits.functionARN {
            violations.add(text, at: "functionName", .lengthAtMost(Limits.functionARN))
        }
        // An empty Qualifier is what clients send for an unset variable; AWS takes it as none.
        let qualifier = qualifier.flatMap { $0.isEmpty ? nil : $0 }
        if let qualifier { violations.addQualifier(qualifier) }
        try violations.throwIfAny()
        guard let parsed else { throw .functionNotFound(arn: text) }
        if let qualifier, let derived = parsed.qualifier, qualifier != derived { throw .qualifierMismatch }
        self = parsed
        self.qualifier = qualifier ?? parsed.qualifier
    }

    /// The same, and refuses functions that belong to another region or account, as AWS does.
    package init(parsing text: String, qualifier: String? = nil, in scope: AccountScope) throws(LambdaError) {
        try self.init(parsing: text, qualifier: qualifier)
        try checkReachable(from: scope)
    }

    /// Reads the `FunctionName` of CreateFunction, where AWS is stricter: no dots, at most 64 characters.
    package init(creating text: String, in scope: AccountScope) throws(LambdaError) {
        var violations = ConstraintViolations()
        let parsed = FunctionNamePattern.created.match(text)
        let isPlainName = parsed.map { $0.name == text } ?? false
        if parsed == nil {
            violations.add(text, at: "functionName", .pattern(FunctionNamePattern.created.source))
        }
        let limit = isPlainName ? Limits.functionName : Limits.createdFunctionARN
        if text.utf8.count > limit { violations.add(text, at: "functionName", .lengthAtMost(limit)) }
        // AWS checks a plain name's length further inside than the rest, and gives that error another type.
        try violations.throwIfAny(as: isPlainName ? .invalidParameterValue : .validation)
        guard let parsed else { throw .functionNotFound(arn: text) }
        if parsed.name.utf8.count > Limits.functionName {
            var tooLong = ConstraintViolations()
            tooLong.add(parsed.name, at: "functionName", .lengthAtMost(Limits.functionName))
            try tooLong.throwIfAny(as: .invalidParameterValue)
        }
        self = parsed
        try checkReachable(from: scope)
    }

    /// Reads the `Resource` of a call about tags: the ARN of a function and nothing else.
    package init(tagged arn: String, in scope: AccountScope) throws(LambdaError) {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        let type =
            parts.count > 6 && parts[0] == "arn" && parts[1].hasPrefix("aws") && parts[2] == "lambda" ? parts[5] : ""
        // Resources that AWS has and this server does not.
        if parts.count == 7, let kind = TaggableResource(type: type, id: parts[6]) {
            throw .taggedResourceNotFound(kind.rawValue, arn)
        }
        guard type == "function", let parsed = FunctionNamePattern.created.match(arn),
            parsed.region == String(parts[3]),
            parsed.accountID == String(parts[4])
        else {
            var violations = ConstraintViolations()
            violations.add(arn, at: "resource", .pattern(FunctionNamePattern.taggableResource))
            try violations.throwIfAny()
            throw .functionNotFound(arn: arn)
        }
        guard parsed.qualifier == nil else { throw .taggedVersion }
        self = parsed
        try checkReachable(from: scope)
    }

    package func checkReachable(from scope: AccountScope) throws(LambdaError) {
        if let accountID, accountID != scope.accountID { throw .foreignAccount(accountID, own: scope.accountID) }
        if let region, region != scope.region { throw .unreachableRegion(region, from: scope.region) }
    }

    /// The version that the qualifier names: `$LATEST` when there is none, nil when it is an alias.
    package var version: FunctionVersion? {
        guard let qualifier else { return .latest }
        return FunctionVersion(qualifier: qualifier)
    }

    /// Whether the qualifier has the form of an alias: `(?!^[0-9]+$)[a-zA-Z0-9-_]+`.
    package var namesAlias: Bool {
        guard let characters = qualifier?.utf8, !characters.isEmpty else { return false }
        return characters.allSatisfy(\.isNameCharacter) && !characters.allSatisfy(\.isDigit)
    }
}
