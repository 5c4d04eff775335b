internal import Basics
package import FunctionModel
internal import FunctionStore

/// Provisioned concurrency: asked for here, brought about by ``ProvisionedSandboxes``.
extension ConcurrencyControl: ProvisionedConcurrencyKeeping {
    package func provision(
        _ executions: Int, for reference: FunctionReference
    ) async throws(LambdaError) -> ProvisionedConcurrencyState {
        guard reference.version != .latest else { throw .provisionedUnpublished }
        let name = reference.name
        return try await changing(name) { () throws(LambdaError) in
            let found = try await find(reference)
            let others = try await provisioned.configurations(of: name).filter { $0.qualifier != reference.qualifier }
            let before = try await provisioned.states(of: name).first {
                $0.configuration.qualifier == reference.qualifier
            }
            try check(executions, of: name, beside: others, insteadOf: before?.configuration.requested ?? 0)
            try await check(found, reference, beside: others)
            let configuration = ProvisionedConcurrency(
                functionName: name, qualifier: reference.qualifier ?? "", requested: executions,
                lastModified: clock.date)
            try await set(configuration)
            admission.setProvisioned(others.reduce(executions) { $0 + $1.requested }, of: name)
            provisioned.look(name)
            return ProvisionedConcurrencyState(
                configuration, available: min(before?.available ?? 0, executions), status: .inProgress)
        }
    }

    package func provisionedConcurrency(
        of reference: FunctionReference
    ) async throws(LambdaError) -> ProvisionedConcurrencyState {
        guard reference.version != .latest else { throw .provisionedOfUnpublished }
        _ = try await find(reference)
        let states = try await provisioned.states(of: reference.name)
        guard let state = states.first(where: { $0.configuration.qualifier == reference.qualifier }) else {
            throw .provisionedConcurrencyConfigNotFound
        }
        return state
    }

    package func listProvisionedConcurrency(
        of reference: FunctionReference, page: PageRequest
    ) async throws(LambdaError) -> Page<ProvisionedConcurrencyState> {
        let name = reference.name
        _ = try await functions.latest(name)
        let limit = min(page.maximumItems ?? .max, Limits.provisionedPageItems.upperBound)
        let listed = try await rethrowing(
            try await store.provisionedConcurrency(of: name, page: ListPage(marker: page.marker, limit: limit)),
            as: FunctionCatalog.lambdaError)
        let qualifiers = Set(listed.items.map(\.qualifier))
        return Page(
            items: try await provisioned.states(of: name).filter { qualifiers.contains($0.configuration.qualifier) },
            nextMarker: listed.nextMarker)
    }

    /// Does nothing when there is none.
    package func endProvisioning(of reference: FunctionReference) async throws(LambdaError) {
        guard reference.version != .latest else { throw .provisionedOfUnpublished }
        let name = reference.name
        try await changing(name) { () throws(LambdaError) in
            _ = try await find(reference)
            try await remove(reference)
            let left = try await provisioned.configurations(of: name)
            admission.setProvisioned(left.reduce(0) { $0 + $1.requested }, of: name)
            provisioned.look(name)
        }
    }

    private func set(_ configuration: ProvisionedConcurrency) async throws(LambdaError) {
        try await rethrowing(
            try await store.setProvisionedConcurrency(configuration), as: FunctionCatalog.lambdaError)
    }

    private func remove(_ reference: FunctionReference) async throws(LambdaError) {
        try await rethrowing(
            try await store.removeProvisionedConcurrency(of: reference.name, qualifier: reference.qualifier ?? ""),
            as: FunctionCatalog.lambdaError)
    }

    /// The version or the alias, with AWS's words for one that is not there.
    private func find(_ reference: FunctionReference) async throws(LambdaError) -> ResolvedFunction {
        do throws(LambdaError) { return try await functions.resolve(reference) } catch {
            guard error.code == .resourceNotFound, reference.namesAlias else { throw error }
            throw .aliasNotFound(functions.account.arn(name: reference.name, qualifier: reference.qualifier))
        }
    }

    /// - Parameter before: what the configuration has asked for that is replaced.
    private func check(
        _ executions: Int, of name: String, beside others: [ProvisionedConcurrency], insteadOf before: Int
    ) throws(LambdaError) {
        if let reserved = admission.reserved(name) {
            let (total, isTooLarge) = others.reduce(0) { $0 + $1.requested }.addingReportingOverflow(executions)
            guard !isTooLarge, total <= reserved else { throw .provisionedAboveReserved }
            return
        }
        let unreserved = admission.unreserved + before
        guard executions <= unreserved else { throw .provisionedAboveUnreserved(unreserved) }
        guard unreserved - executions >= admission.limits.minimumUnreserved else {
            throw .provisionedBelowMinimum(admission.limits.minimumUnreserved)
        }
    }

    private func check(
        _ found: ResolvedFunction, _ reference: FunctionReference, beside others: [ProvisionedConcurrency]
    ) async throws(LambdaError) {
        if found.configuration.snapStart.applyOn == .publishedVersions, !allowsSnapStart {
            throw .provisionedWithSnapStart
        }
        let qualifiers = Set(others.map(\.qualifier))
        if let alias = found.alias {
            if alias.versions.contains(where: { qualifiers.contains($0.qualifier) }) {
                throw .aliasOfProvisionedVersion
            }
        } else {
            let aliases = try await functions.aliasNames(
                of: reference.name, leadingTo: found.configuration.version)
            if aliases.contains(where: qualifiers.contains) { throw .versionOfProvisionedAlias }
        }
    }
}
