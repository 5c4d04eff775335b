/// What AddPermission was given.
package struct PermissionMembers: Sendable {
    package var statementID: String?
    package var action: String?
    package var principal: String?
    package var sourceARN: String?
    package var sourceAccount: String?
    package var eventSourceToken: String?
    package var principalOrganization: String?
    package var urlAuthType: String?
    package var isInvokedViaURL: Bool?

    package init(statementID: String? = nil, action: String? = nil, principal: String? = nil) {
        self.statementID = statementID
        self.action = action
        self.principal = principal
    }

    /// The statement, if AWS's model lets everything through.
    package func statement(partition: String) throws(LambdaError) -> PolicyStatement {
        var violations = ConstraintViolations()
        violations.checkNewStatementID(statementID)
        checkWho(&violations)
        checkSource(&violations)
        try violations.throwIfAny()
        guard let statementID, let action, let principal else { throw .principalInvalid }
        if urlAuthType != nil, action != "lambda:InvokeFunctionUrl" { throw .urlAuthTypeOfOtherAction }
        guard let who = PolicyPrincipal(principal, partition: partition) else { throw .principalInvalid }
        return PolicyStatement(
            id: statementID, action: action, principal: who, sourceARN: sourceARN, sourceAccount: sourceAccount,
            eventSourceToken: eventSourceToken, principalOrganization: principalOrganization,
            urlAuthType: urlAuthType.flatMap(FunctionURL.AuthType.init), isInvokedViaURL: isInvokedViaURL)
    }

    private func checkWho(_ violations: inout ConstraintViolations) {
        if let action {
            let name = action.hasPrefix("lambda:") ? action.utf8.dropFirst(7) : action.utf8.dropFirst(0)
            let isName = action.hasPrefix("lambda:") && !name.isEmpty && name.allSatisfy(\.isLetter)
            if !(isName || name.elementsEqual("*".utf8)) {
                violations.add(action, at: "action", .pattern("(lambda:[*]|lambda:[a-zA-Z]+|[*])"))
            }
        } else {
            violations.addMissing(at: "action")
        }
        if let principal {
            if principal.isEmpty || principal.utf8.contains(where: { $0 == 0x20 || (0x09...0x0D).contains($0) }) {
                violations.add(principal, at: "principal", .pattern(#"[^\s]+"#))
            }
        } else {
            violations.addMissing(at: "principal")
        }
    }

    private func checkSource(_ violations: inout ConstraintViolations) {
        if let sourceARN, !Self.isSourceARN(sourceARN) {
            violations.add(
                sourceARN, at: "sourceArn",
                .pattern(
                    #"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)"#))
        }
        if let sourceAccount {
            if sourceAccount.utf8.count > 12 { violations.add(sourceAccount, at: "sourceAccount", .lengthAtMost(12)) }
            if sourceAccount.utf8.count != 12 || !sourceAccount.utf8.allSatisfy(\.isDigit) {
                violations.add(sourceAccount, at: "sourceAccount", .pattern(#"\d{12}"#))
            }
        }
        if let eventSourceToken {
            if eventSourceToken.utf8.count > 256 {
                violations.add(eventSourceToken, at: "eventSourceToken", .lengthAtMost(256))
            }
            let fits = eventSourceToken.utf8.allSatisfy { $0.isNameCharacter || $0 == UInt8(ascii: ".") }
            if eventSourceToken.isEmpty || !fits {
                violations.add(eventSourceToken, at: "eventSourceToken", .pattern(#"[a-zA-Z0-9._\-]+"#))
            }
        }
        if let principalOrganization {
            violations.addOrganization(principalOrganization, at: "principalOrgID", shortest: 12)
        }
        if let urlAuthType {
            violations.addEnumeration(urlAuthType, at: "functionUrlAuthType", FunctionURL.AuthType.self)
        }
    }

    private static func isSourceARN(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[1].hasPrefix("aws"), !parts[2].isEmpty,
            (parts[1] + parts[2]).utf8.allSatisfy({ $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") })
        else { return false }
        let region = parts[3].split(separator: "-", omittingEmptySubsequences: false)
        let isRegion =
            parts[3].isEmpty
            || ((3...4).contains(region.count) && region[0].utf8.count == 2 && region.last?.utf8.count == 1
                && parts[3].utf8.allSatisfy { $0.isLowercase || $0.isDigit || $0 == UInt8(ascii: "-") })
        let isAccount = parts[4].isEmpty || (parts[4].utf8.count == 12 && parts[4].utf8.allSatisfy(\.isDigit))
        return isRegion && isAccount
    }
}

/// What CreateFunctionUrlConfig and UpdateFunctionUrlConfig were given.
package struct FunctionURLMembers: Sendable {
    package var authType: String?
    package var invokeMode: String?
    package var cors: CORS?

    package init(authType: String? = nil, invokeMode: String? = nil, cors: CORS? = nil) {
        self.authType = authType
        self.invokeMode = invokeMode
        self.cors = cors
    }

    package func check(_ violations: inout ConstraintViolations) {
        if let authType { violations.addEnumeration(authType, at: "authType", FunctionURL.AuthType.self) }
        if let invokeMode { violations.addEnumeration(invokeMode, at: "invokeMode", FunctionURL.InvokeMode.self) }
        guard let cors else { return }
        if let age = cors.maxAge { violations.checkRange(age, at: "cors.maxAge", 0...86_400) }
        let lists = [
            ("cors.allowHeaders", cors.allowHeaders, 100, 0, 1_024),
            ("cors.allowMethods", cors.allowMethods, 6, 0, 6),
            ("cors.allowOrigins", cors.allowOrigins, 100, 1, 253),
            ("cors.exposeHeaders", cors.exposeHeaders, 100, 0, 1_024),
        ]
        for (path, list, most, shortest, longest) in lists {
            guard let list else { continue }
            let shown = "[\(list.joined(separator: ", "))]"
            if list.count > most { violations.add(shown, at: path, .lengthAtMost(most)) }
            if !list.allSatisfy({ (shortest...longest).contains($0.utf16.count) }) {
                violations.add(
                    shown, at: path,
                    .elements(
                        """
                        Member must satisfy constraint: [Member must have length less than or equal to \(longest), Member must \
                        have length greater than or equal to \(shortest), Member must not be null]
                        """))
            }
        }
    }
}

extension FunctionReference {
    /// Reads the function of a call about function URLs, whose `Qualifier` names an alias and nothing else.
    package init(
        urlOf text: String, qualifier: String?, in scope: AccountScope,
        also check: (inout ConstraintViolations) -> Void = { _ in }
    ) throws(LambdaError) {
        var violations = ConstraintViolations()
        if let qualifier {
            if qualifier.utf8.count > Limits.qualifier {
                violations.add(qualifier, at: "qualifier", .lengthAtMost(Limits.qualifier))
            }
            if !FunctionReference(name: "", qualifier: qualifier).namesAlias {
                violations.add(qualifier, at: "qualifier", .pattern(#"((?!^\d+$)^[0-9a-zA-Z-_]+$)"#))
            }
        }
        check(&violations)
        try violations.throwIfAny()
        try self.init(parsing: text, qualifier: qualifier, in: scope)
    }
}

extension ConstraintViolations {
    /// Of a statement that is to be added.
    mutating func checkNewStatementID(_ id: String?) {
        if let id { addStatementID(id) } else { addMissing(at: "statementId") }
    }

    package mutating func addStatementID(_ id: String, allowsDots: Bool = false) {
        if id.utf8.count > 100 { add(id, at: "statementId", .lengthAtMost(100)) }
        let fits = id.utf8.allSatisfy { $0.isNameCharacter || (allowsDots && $0 == UInt8(ascii: ".")) }
        if id.isEmpty || !fits {
            add(id, at: "statementId", .pattern(allowsDots ? "([a-zA-Z0-9-_.]+)" : "([a-zA-Z0-9-_]+)"))
        }
    }

    mutating func addOrganization(_ id: String, at path: String, shortest: Int) {
        let name = id.utf8.dropFirst(2)
        if id.utf8.count > 34 { add(id, at: path, .lengthAtMost(34)) }
        if id.utf8.count < shortest { add(id, at: path, .lengthAtLeast(shortest)) }
        if !id.hasPrefix("o-") || !(10...32).contains(name.count) || !name.allSatisfy({ $0.isLowercase || $0.isDigit })
        {
            add(id, at: path, .pattern("o-[a-z0-9]{10,32}"))
        }
    }

    mutating func addEnumeration<Value: RawRepresentable<String> & CaseIterable>(
        _ text: String, at path: String, _ type: Value.Type
    ) {
        guard Value(rawValue: text) == nil else { return }
        add(text, at: path, .oneOf(Value.allCases.map(\.rawValue)))
    }
}
