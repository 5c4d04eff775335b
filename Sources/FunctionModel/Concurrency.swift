/// What an account may run at a time, and what functions may not take of it.
package struct ConcurrencyLimits: Sendable, Hashable {
    /// Of all functions together: `AccountLimit.ConcurrentExecutions`.
    package var account: Int
    /// What must be left for functions that have nothing reserved.
    package var minimumUnreserved: Int

    package init(account: Int = Limits.accountConcurrency, minimumUnreserved: Int = Limits.minimumUnreserved) {
        self.account = account
        self.minimumUnreserved = minimumUnreserved
    }
}

extension Limits {
    /// Invocations of an account at a time, unless the operator says otherwise.
    package static let accountConcurrency = 1_000
    /// Of those, what reservations must leave.
    package static let minimumUnreserved = 100
    /// Seconds an event may wait for its function.
    package static let eventAge = 60...21_600
    /// How often a failed event is tried again.
    package static let eventRetries = 0...2
    /// Provisioned concurrency configurations on a page.
    package static let provisionedPageItems = 1...50
    /// The body of InvokeAsync.
    package static let invokeAsyncPayload = 262_144
}
