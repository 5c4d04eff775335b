internal import Basics
package import FunctionModel
internal import FunctionStore

/// Policies and function URLs. Whoever changes one holds its function's lock.
package struct AccessControl: Sendable {
    let functions: FunctionCatalog
    let store: any AccessStore
    let clock: WorkerClock

    /// What the store does, with its errors as clients are told them.
    func stored<R: Sendable>(
        _ work: @autoclosure () async throws(FunctionStoreError) -> R
    ) async throws(LambdaError) -> R {
        try await rethrowing(try await work(), as: FunctionCatalog.lambdaError)
    }

    func arn(_ reference: FunctionReference) -> FunctionARN { functions.account.arn(reference) }
}

extension AccessControl: PermissionKeeping {
    package func addPermission(
        _ statement: PolicyStatement, to reference: FunctionReference, revisionID: String?
    ) async throws(LambdaError) -> String {
        if reference.qualifier?.hasPrefix("$LATEST") == true { throw .policyOfLatest }
        return try await functions.changing(reference.name) { () throws(LambdaError) in
            let ownRevision = try await revision(of: reference)
            let present = try await stored(
                try await store.policy(of: reference.name, qualifier: reference.qualifier))
            // Before there is a policy, its revision is that of what it will belong to.
            if let revisionID, revisionID != present?.revisionID ?? ownRevision { throw .policyRevisionMismatch }
            let statements = try present?.adding(statement) ?? [statement]
            try await set(statements, of: reference, from: present)
            return statement.text(of: arn(reference))
        }
    }

    package func removePermission(
        _ statementID: String, from reference: FunctionReference, revisionID: String?
    ) async throws(LambdaError) {
        try await functions.changing(reference.name) { () throws(LambdaError) in
            guard try await functions.configuration(VersionKey(reference.name, .latest)) != nil else {
                throw .noPolicy(for: functions.account.arn(name: reference.name))
            }
            _ = try await revision(of: reference)
            let present = try await stored(
                try await store.policy(of: reference.name, qualifier: reference.qualifier))
            guard let present else { throw .noPolicyAssociated }
            let left = try present.removing(statementID)
            if let revisionID, revisionID != present.revisionID { throw .policyRevisionMismatch }
            try await set(left, of: reference, from: present)
        }
    }

    package func policy(_ reference: FunctionReference) async throws(LambdaError) -> PolicyDescription {
        try reference.checkReachable(from: functions.account)
        guard let (policy, qualifier) = try await found(reference) else { throw .resourceNotFound }
        return PolicyDescription(
            text: policy.text(of: functions.account.arn(name: reference.name, qualifier: qualifier)),
            revisionID: policy.revisionID)
    }

    package func allows(
        _ action: String, to caller: PolicyCaller, on reference: FunctionReference
    ) async throws(LambdaError) -> Bool {
        try await found(reference)?.policy.allows(action, to: caller) == true
    }

    private func found(
        _ reference: FunctionReference
    ) async throws(LambdaError) -> (policy: FunctionPolicy, qualifier: String?)? {
        let qualifier = reference.qualifier == "$LATEST" ? nil : reference.qualifier
        return try await stored(try await store.policy(of: reference.name, qualifier: qualifier)).map {
            ($0, qualifier)
        }
    }

    private func set(
        _ statements: [PolicyStatement], of reference: FunctionReference, from present: FunctionPolicy?
    ) async throws(LambdaError) {
        let policy = FunctionPolicy(
            revisionID: FunctionConfiguration.makeRevisionID(), statements: statements)
        let size = policy.text(of: arn(reference)).utf8.count
        if size > Limits.policy, statements.count > present?.statements.count ?? 0 { throw .policyTooLong(size) }
        try await stored(
            try await store.setPolicy(
                policy, of: reference.name, qualifier: reference.qualifier, expectedRevision: present?.revisionID))
    }

    /// The revision of the function, version or alias; throws when there is none.
    private func revision(of reference: FunctionReference) async throws(LambdaError) -> String {
        try reference.checkReachable(from: functions.account)
        let latest = try await functions.latest(reference.name)
        guard reference.qualifier != nil else { return latest.revisionID }
        if let version = reference.version {
            if let found = try await functions.configuration(VersionKey(reference.name, version)) {
                return found.revisionID
            }
        } else if reference.namesAlias, let name = reference.qualifier {
            guard let alias = try await functions.alias(name, of: reference.name) else {
                throw .aliasNotFound(arn(reference))
            }
            return alias.revisionID
        }
        throw .functionNotFound(arn(reference))
    }
}
