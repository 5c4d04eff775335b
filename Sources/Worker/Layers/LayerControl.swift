internal import Basics
package import FunctionModel
internal import FunctionStore

/// The layers of this account, and the policies of their versions, which are kept and shown: whoever reaches this server has the
/// account's rights.
package struct LayerControl: Sendable {
    let store: any LayerStore
    let code: CodeIntake
    let account: AccountScope
    let clock: WorkerClock

    /// What the store does, with its errors as clients are told them.
    func stored<R: Sendable>(
        _ work: @autoclosure () async throws(FunctionStoreError) -> R
    ) async throws(LambdaError) -> R {
        try await rethrowing(try await work(), as: FunctionCatalog.lambdaError)
    }
}

extension LayerControl: LayerKeeping {
    package func publishLayerVersion(
        _ request: PublishLayerVersionRequest
    ) async throws(LambdaError) -> LayerVersion {
        try request.arn.checkReachable(from: account, for: "PublishLayerVersion")
        let unzippedSize = try await code.check(request.code)
        let members = request.members
        return try await code.storing(request.code) { code throws(LambdaError) in
            let layer = LayerVersion(
                layerName: request.arn.name, description: members.description ?? "", licenseInfo: members.licenseInfo,
                compatibleRuntimes: members.compatibleRuntimes,
                compatibleArchitectures: members.compatibleArchitectures, code: code, unzippedSize: unzippedSize,
                createdDate: clock.date)
            return try await stored(try await store.publish(layer))
        }
    }

    package func layerVersion(_ arn: LayerARN) async throws(LambdaError) -> LayerVersion {
        try arn.checkReachable(from: account, for: "GetLayerVersion")
        guard let found = try await find(arn) else { throw .resourceNotFound }
        return found
    }

    package func deleteLayerVersion(_ arn: LayerARN) async throws(LambdaError) {
        try arn.checkReachable(from: account, for: "DeleteLayerVersion")
        guard let number = arn.version else { return }
        try await stored(try await store.deleteLayerVersion(arn.name, number))
    }

    package func listLayers(
        _ filter: LayerFilter, page: PageRequest
    ) async throws(LambdaError) -> Page<LayerVersion> {
        let page = try page.listPage()
        return try await stored(try await store.layers(filter, page: page))
    }

    package func listLayerVersions(
        _ arn: LayerARN, _ filter: LayerFilter, page: PageRequest
    ) async throws(LambdaError) -> Page<LayerVersion> {
        try arn.checkReachable(from: account, for: "ListLayerVersions")
        let page = try page.listPage()
        return try await stored(try await store.layerVersions(of: arn.name, filter, page: page))
    }

    package func layerContent(_ arn: LayerARN) async throws(LambdaError) -> CodeContent {
        try await code.content(try await layerVersion(arn).code)
    }

    /// Finds the layers of a function and keeps their archives while `body` makes the function refer to them.
    func holding<R: Sendable>(
        _ arns: [String], _ body: ([FunctionLayer]) async throws(LambdaError) -> R
    ) async throws(LambdaError) -> R {
        var held: [CodeReference] = []
        let result: Result<R, LambdaError>
        do throws(LambdaError) {
            let layers = try await FunctionLayers.resolve(arns, in: account) { arn throws(LambdaError) in
                guard let layer = try await find(arn), try await code.functions.holdCode(layer.code) else {
                    return FunctionLayer?.none
                }
                held.append(layer.code)
                return FunctionLayer(arn: arn.description, code: layer.code, unzippedSize: layer.unzippedSize)
            }
            result = .success(try await body(layers))
        } catch {
            result = .failure(error)
        }
        for archive in held { await code.release(archive) }
        return try result.get()
    }

    private func find(_ arn: LayerARN) async throws(LambdaError) -> LayerVersion? {
        guard let number = arn.version else { return nil }
        return try await stored(try await store.layerVersion(arn.name, number))
    }
}

/// Policies.
extension LayerControl {
    package func addLayerPermission(
        _ statement: PolicyStatement, to arn: LayerARN, revisionID: String?
    ) async throws(LambdaError) -> PolicyDescription {
        let present = try await policy(of: arn, for: "AddLayerVersionPermission")
        if let revisionID, revisionID != present?.revisionID { throw .layerPolicyRevisionMismatch }
        let statements = try present?.adding(statement) ?? [statement]
        let next = FunctionPolicy(revisionID: FunctionConfiguration.makeRevisionID(), statements: statements)
        let size = next.text(of: arn).utf8.count
        if size > Limits.policy { throw .policyTooLong(size) }
        try await set(next, of: arn, from: present)
        return PolicyDescription(text: statement.text(of: arn), revisionID: next.revisionID)
    }

    package func removeLayerPermission(
        _ statementID: String, from arn: LayerARN, revisionID: String?
    ) async throws(LambdaError) {
        guard let present = try await policy(of: arn, for: "RemoveLayerVersionPermission") else {
            throw .noPolicyAssociated
        }
        let left = try present.removing(statementID)
        if let revisionID, revisionID != present.revisionID { throw .layerPolicyRevisionMismatch }
        let next = FunctionPolicy(revisionID: FunctionConfiguration.makeRevisionID(), statements: left)
        try await set(next, of: arn, from: present)
    }

    package func layerPolicy(_ arn: LayerARN) async throws(LambdaError) -> PolicyDescription {
        guard let policy = try await policy(of: arn, for: "GetLayerVersionPolicy") else { throw .noPolicyAssociated }
        return PolicyDescription(text: policy.text(of: arn), revisionID: policy.revisionID)
    }

    /// Nil when the version has none; throws when there is no such version.
    private func policy(of arn: LayerARN, for action: String) async throws(LambdaError) -> FunctionPolicy? {
        try arn.checkReachable(from: account, for: action)
        guard let layer = try await find(arn) else { throw .layerVersionNotFound(arn) }
        return try await stored(try await store.layerPolicy(layer.layerName, layer.number))
    }

    /// - Throws: where somebody else changed it meanwhile.
    private func set(
        _ policy: FunctionPolicy, of arn: LayerARN, from present: FunctionPolicy?
    ) async throws(LambdaError) {
        guard let number = arn.version else { return }
        do throws(FunctionStoreError) {
            try await store.setLayerPolicy(policy, of: arn.name, number, expectedRevision: present?.revisionID)
        } catch {
            switch error.code {
            case .revisionMismatch: throw .layerPolicyRevisionMismatch
            case .notFound: throw .layerVersionNotFound(arn)
            default: throw FunctionCatalog.lambdaError(error)
            }
        }
    }
}
