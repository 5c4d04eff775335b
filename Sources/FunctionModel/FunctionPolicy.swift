/// The resource policy of a function, or of one of its versions or aliases: who may call it beside its account.
package struct FunctionPolicy: Codable, Sendable, Equatable {
    /// Changes with every change of the policy: what clients send back to detect a race.
    package var revisionID: String
    /// In the order in which they were added.
    package var statements: [PolicyStatement]

    package init(revisionID: String, statements: [PolicyStatement]) {
        self.revisionID = revisionID
        self.statements = statements
    }

    /// The policy as AWS writes it, members in AWS's order.
    package func text(of arn: some CustomStringConvertible) -> String {
        let statements = statements.map { $0.text(of: arn) }.joined(separator: ",")
        return #"{"Version":"2012-10-17","Id":"default","Statement":[\#(statements)]}"#
    }

    /// Its statements and one more, each of whose ids is its own.
    package func adding(_ statement: PolicyStatement) throws(LambdaError) -> [PolicyStatement] {
        if statements.contains(where: { $0.id == statement.id }) { throw .statementExists(statement.id) }
        return statements + [statement]
    }

    /// Its statements without one, which must be there.
    package func removing(_ statementID: String) throws(LambdaError) -> [PolicyStatement] {
        let left = statements.filter { $0.id != statementID }
        guard left.count < statements.count else { throw .statementNotFound(statementID) }
        return left
    }
}

/// One permission, as AddPermission gives it.
package struct PolicyStatement: Codable, Sendable, Equatable {
    package var id: String
    /// `lambda:InvokeFunction`, `lambda:*` and the like.
    package var action: String
    package var principal: PolicyPrincipal
    package var sourceARN: String?
    package var sourceAccount: String?
    package var eventSourceToken: String?
    package var principalOrganization: String?
    package var urlAuthType: FunctionURL.AuthType?
    package var isInvokedViaURL: Bool?

    package init(
        id: String, action: String, principal: PolicyPrincipal, sourceARN: String? = nil,
        sourceAccount: String? = nil, eventSourceToken: String? = nil, principalOrganization: String? = nil,
        urlAuthType: FunctionURL.AuthType? = nil, isInvokedViaURL: Bool? = nil
    ) {
        self.id = id
        self.action = action
        self.principal = principal
        self.sourceARN = sourceARN
        self.sourceAccount = sourceAccount
        self.eventSourceToken = eventSourceToken
        self.principalOrganization = principalOrganization
        self.urlAuthType = urlAuthType
        self.isInvokedViaURL = isInvokedViaURL
    }

    /// The statement as AWS writes it, members in AWS's order.
    package func text(of arn: some CustomStringConvertible) -> String {
        var members = [
            ("Sid", JSONString.quoted(id)), ("Effect", #""Allow""#), ("Principal", principal.text),
            ("Action", JSONString.quoted(action)), ("Resource", JSONString.quoted(arn.description)),
        ]
        let conditions = conditions
        if !conditions.isEmpty { members.append(("Condition", Self.object(conditions))) }
        return Self.object(members)
    }

    private var conditions: [(String, String)] {
        let equal = [
            ("AWS:SourceAccount", sourceAccount), ("lambda:FunctionUrlAuthType", urlAuthType?.rawValue),
            ("aws:PrincipalOrgID", principalOrganization), ("lambda:EventSourceToken", eventSourceToken),
        ].compactMap { name, value in value.map { (name, JSONString.quoted($0)) } }
        var conditions: [(String, String)] = []
        if !equal.isEmpty { conditions.append(("StringEquals", Self.object(equal))) }
        if let sourceARN {
            conditions.append(("ArnLike", Self.object([("AWS:SourceArn", JSONString.quoted(sourceARN))])))
        }
        if let isInvokedViaURL {
            conditions.append(
                ("Bool", Self.object([("lambda:InvokedViaFunctionUrl", JSONString.quoted("\(isInvokedViaURL)"))])))
        }
        return conditions
    }

    private static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\(JSONString.quoted($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }
}

/// Whom a permission is for.
package enum PolicyPrincipal: Codable, Sendable, Hashable {
    case everybody
    /// `s3.amazonaws.com`
    case service(String)
    /// An account as a whole, a user or a role, by ARN.
    case identity(String)

    /// Reads the `Principal` of AddPermission; nil for what AWS knows no principal by.
    package init?(_ text: String, partition: String) {
        if text == "*" {
            self = .everybody
        } else if text.utf8.count == 12, text.utf8.allSatisfy(\.isDigit) {
            self = .identity("arn:\(partition):iam::\(text):root")
        } else if text.hasPrefix("arn:") {
            let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            guard parts.count == 6, parts[1].hasPrefix("aws"), parts[2] == "iam" || parts[2] == "sts", parts[3].isEmpty,
                parts[4].utf8.count == 12, parts[4].utf8.allSatisfy(\.isDigit), !parts[5].isEmpty
            else { return nil }
            self = .identity(text)
        } else {
            let suffixes = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com"]
            guard let suffix = suffixes.first(where: text.hasSuffix) else { return nil }
            let name = text.utf8.dropLast(suffix.utf8.count)
            guard !name.isEmpty, name.allSatisfy({ $0.isNameCharacter || $0 == UInt8(ascii: ".") }) else { return nil }
            self = .service(text)
        }
    }

    var text: String {
        switch self {
        case .everybody: #""*""#
        case .service(let name): #"{"Service":\#(JSONString.quoted(name))}"#
        case .identity(let arn): #"{"AWS":\#(JSONString.quoted(arn))}"#
        }
    }

    /// Whether it is, or contains, the identity of `arn`.
    func contains(_ arn: String, account: String) -> Bool {
        switch self {
        case .everybody: true
        case .service: false
        case .identity(let own): own == arn || own.hasSuffix(":iam::\(account):root")
        }
    }
}

/// Who calls, and how, for a policy to decide on.
package struct PolicyCaller: Sendable, Equatable {
    /// Nil for somebody who said nothing of himself.
    package var identity: Identity?
    /// The URL that the call came by.
    package var urlAuthType: FunctionURL.AuthType?

    package struct Identity: Sendable, Equatable {
        package var arn: String
        package var accountID: String

        package init(arn: String, accountID: String) {
            self.arn = arn
            self.accountID = accountID
        }
    }

    package init(identity: Identity? = nil, urlAuthType: FunctionURL.AuthType? = nil) {
        self.identity = identity
        self.urlAuthType = urlAuthType
    }
}

extension FunctionPolicy {
    /// Whether a statement lets the caller do `action`, such as `lambda:InvokeFunctionUrl`.
    package func allows(_ action: String, to caller: PolicyCaller) -> Bool {
        statements.contains { $0.allows(action, to: caller) }
    }
}

extension PolicyStatement {
    /// Conditions about sources are met by calls that other services make, and none comes that way.
    func allows(_ action: String, to caller: PolicyCaller) -> Bool {
        guard self.action == "*" || self.action == "lambda:*" || self.action == action else { return false }
        guard sourceARN == nil, sourceAccount == nil, eventSourceToken == nil, principalOrganization == nil else {
            return false
        }
        if let urlAuthType, urlAuthType != caller.urlAuthType { return false }
        if let isInvokedViaURL, isInvokedViaURL != (caller.urlAuthType != nil) { return false }
        guard let identity = caller.identity else { return principal == .everybody }
        return principal.contains(identity.arn, account: identity.accountID)
    }
}

/// Texts as JSON has them.
enum JSONString {
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where character.value < 0x20:
                let digits = String(character.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(character)
            }
        }
        return quoted + "\""
    }
}
