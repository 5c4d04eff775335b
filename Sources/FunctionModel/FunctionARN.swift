/// The region and account whose functions a server holds.
package struct AccountScope: Sendable, Hashable {
    package var partition: String
    package var region: String
    /// Twelve digits.
    package var accountID: String

    package init(partition: String = "aws", region: String = "us-east-1", accountID: String = "123456789012") {
        self.partition = partition
        self.region = region
        self.accountID = accountID
    }
}

/// `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`
package struct FunctionARN: Sendable, Hashable, CustomStringConvertible {
    package var scope: AccountScope
    package var name: String
    package var qualifier: String?

    package init(scope: AccountScope, name: String, qualifier: String? = nil) {
        self.scope = scope
        self.name = name
        self.qualifier = qualifier
    }

    package var description: String {
        let unqualified = "arn:\(scope.partition):lambda:\(scope.region):\(scope.accountID):function:\(name)"
        return qualifier.map { "\(unqualified):\($0)" } ?? unqualified
    }
}

extension AccountScope {
    package func arn(name: String, qualifier: String? = nil) -> FunctionARN {
        FunctionARN(scope: self, name: name, qualifier: qualifier)
    }

    /// The ARN as the caller addressed the function: qualified only if the caller did.
    package func arn(_ reference: FunctionReference) -> FunctionARN {
        FunctionARN(scope: self, name: reference.name, qualifier: reference.qualifier)
    }

    /// The ARN that a configuration shows: qualified for a published version, not for `$LATEST`.
    package func arn(_ configuration: FunctionConfiguration) -> FunctionARN {
        switch configuration.version {
        case .latest: arn(name: configuration.functionName)
        case .published(let number): arn(name: configuration.functionName, qualifier: String(number))
        }
    }
}
