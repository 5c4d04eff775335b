import struct Foundation.Date

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

/// A provisioned concurrency configuration: that many sandboxes of what the qualifier leads to are kept ready.
package struct ProvisionedConcurrency: Sendable, Hashable {
    package var functionName: String
    /// A version's number or the name of an alias.
    package var qualifier: String
    package var requested: Int
    package var lastModified: Date

    package init(functionName: String, qualifier: String, requested: Int, lastModified: Date) {
        self.functionName = functionName
        self.qualifier = qualifier
        self.requested = requested
        self.lastModified = lastModified
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
    /// The body of InvokeAsync.
    package static let invokeAsyncPayload = 262_144
}
