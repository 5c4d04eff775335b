package import FunctionModel

/// What functions have of the account's concurrency.
package protocol ConcurrencyControlling: Sendable {
    func reserve(_ executions: Int, for reference: FunctionReference) async throws(LambdaError)
    func endReservation(of reference: FunctionReference) async throws(LambdaError)
    /// Nil when nothing is reserved.
    func reservation(of reference: FunctionReference) async throws(LambdaError) -> Int?
    /// What GetAccountSettings says.
    var account: AccountConcurrency { get }
}

package struct AccountConcurrency: Sendable, Hashable {
    package var limit: Int
    /// What functions share that have nothing reserved.
    package var unreserved: Int

    package init(limit: Int, unreserved: Int) {
        self.limit = limit
        self.unreserved = unreserved
    }
}
