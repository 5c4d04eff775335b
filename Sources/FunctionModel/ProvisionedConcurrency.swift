import struct Foundation.Date

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

/// What has come of a provisioned concurrency configuration.
package struct ProvisionedConcurrencyState: Sendable, Hashable {
    package enum Status: String, Sendable {
        case inProgress = "IN_PROGRESS"
        case ready = "READY"
        case failed = "FAILED"
    }

    package var configuration: ProvisionedConcurrency
    /// Sandboxes that are initialised: `Allocated` and `Available` both, since here nothing is allocated that is not available.
    package var available: Int
    package var status: Status
    /// Why it has failed.
    package var reason: String?

    package init(
        _ configuration: ProvisionedConcurrency, available: Int, status: Status, reason: String? = nil
    ) {
        self.configuration = configuration
        self.available = available
        self.status = status
        self.reason = reason
    }
}

extension FunctionAlias {
    /// How many of `count` sandboxes each of its versions gets, by its weights.
    package func shares(of count: Int) -> [FunctionVersion: Int] {
        guard let shift else { return [version: count] }
        let shifted = min(count, Int((shift.weight * Double(count)).rounded()))
        return [version: count - shifted, shift.version: shifted].filter { $0.value > 0 }
    }
}
