package import FunctionModel

/// What functions have of the account's concurrency. Every method is durable when it returns.
package protocol ConcurrencyStore: Sendable {
    /// By function: what is reserved.
    func reservedConcurrency() async throws(FunctionStoreError) -> [String: Int]

    /// Reserves, or with nil ends the reservation. Throws `.notFound` when there is no such function.
    func setReservedConcurrency(_ executions: Int?, of function: String) async throws(FunctionStoreError)

    /// The functions that have provisioned concurrency.
    func provisionedFunctions() async throws(FunctionStoreError) -> [String]

    /// A function's configurations, by qualifier.
    func provisionedConcurrency(of function: String) async throws(FunctionStoreError) -> [ProvisionedConcurrency]

    /// A part of them.
    func provisionedConcurrency(
        of function: String, page: ListPage
    ) async throws(FunctionStoreError) -> Page<ProvisionedConcurrency>

    /// Adds a configuration, or replaces the one of its qualifier. Throws `.notFound` when there is no such function.
    func setProvisionedConcurrency(_ configuration: ProvisionedConcurrency) async throws(FunctionStoreError)

    /// Removes a configuration; does nothing when there is none.
    func removeProvisionedConcurrency(of function: String, qualifier: String) async throws(FunctionStoreError)
}
