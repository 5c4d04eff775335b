package import FunctionModel

/// Sandboxes that are kept ready for versions and aliases.
package protocol ProvisionedConcurrencyKeeping: Sendable {
    func provision(
        _ executions: Int, for reference: FunctionReference
    ) async throws(LambdaError) -> ProvisionedConcurrencyState
    func provisionedConcurrency(
        of reference: FunctionReference
    ) async throws(LambdaError) -> ProvisionedConcurrencyState
    func listProvisionedConcurrency(
        of reference: FunctionReference, page: PageRequest
    ) async throws(LambdaError) -> Page<ProvisionedConcurrencyState>
    func endProvisioning(of reference: FunctionReference) async throws(LambdaError)
}
