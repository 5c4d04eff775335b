import Foundation
import FunctionModel

/// The body of PutProvisionedConcurrencyConfig.
struct ProvisionedConcurrencyMembers: Decodable {
    var executions: Int?

    private enum CodingKeys: String, CodingKey {
        case executions = "ProvisionedConcurrentExecutions"
    }
}

/// `ProvisionedConcurrencyConfig`, and `ProvisionedConcurrencyConfigListItem`, which names what it is of.
struct ProvisionedConcurrencyShape: Encodable {
    /// Of an item of a list.
    var functionARN: String?
    var requested: Int
    var allocated: Int
    var available: Int
    var status: String
    var statusReason: String?
    var lastModified: String

    init(_ state: ProvisionedConcurrencyState, arn: FunctionARN? = nil) {
        functionARN = arn?.description
        requested = state.configuration.requested
        allocated = state.available
        available = state.available
        status = state.status.rawValue
        statusReason = state.reason
        lastModified = WireFormat.lastModified(state.configuration.lastModified, withFraction: false)
    }

    private enum CodingKeys: String, CodingKey {
        case functionARN = "FunctionArn"
        case requested = "RequestedProvisionedConcurrentExecutions"
        case allocated = "AllocatedProvisionedConcurrentExecutions"
        case available = "AvailableProvisionedConcurrentExecutions"
        case status = "Status"
        case statusReason = "StatusReason"
        case lastModified = "LastModified"
    }
}

struct ListProvisionedConcurrencyShape: Encodable {
    var configurations: [ProvisionedConcurrencyShape]
    var nextMarker: String?

    private enum CodingKeys: String, CodingKey {
        case configurations = "ProvisionedConcurrencyConfigs"
        case nextMarker = "NextMarker"
    }
}
