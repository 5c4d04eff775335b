import Foundation
import FunctionModel

/// The body of PutFunctionEventInvokeConfig and UpdateFunctionEventInvokeConfig.
struct EventInvokeConfigMembers: Decodable {
    var maximumRetryAttempts: Int?
    var maximumEventAge: Int?
    var destinationConfig: DestinationConfigShape?

    var members: EventInvokeMembers {
        EventInvokeMembers(
            maximumRetryAttempts: maximumRetryAttempts, maximumEventAge: maximumEventAge,
            destinations: destinationConfig.map {
                EventInvokeMembers.Destinations(
                    onSuccess: $0.onSuccess?.destination, onFailure: $0.onFailure?.destination)
            })
    }

    private enum CodingKeys: String, CodingKey {
        case maximumRetryAttempts = "MaximumRetryAttempts"
        case maximumEventAge = "MaximumEventAgeInSeconds"
        case destinationConfig = "DestinationConfig"
    }
}

/// `DestinationConfig`, in requests and responses.
struct DestinationConfigShape: Codable {
    struct Destination: Codable {
        /// An ARN.
        var destination: String?

        private enum CodingKeys: String, CodingKey {
            case destination = "Destination"
        }
    }

    var onSuccess: Destination?
    var onFailure: Destination?

    private enum CodingKeys: String, CodingKey {
        case onSuccess = "OnSuccess"
        case onFailure = "OnFailure"
    }
}

/// `FunctionEventInvokeConfig`.
struct EventInvokeConfigShape: Encodable {
    /// Seconds since 1970, with their fraction.
    var lastModified: Double
    /// Qualified, `$LATEST` included.
    var functionARN: String
    var maximumRetryAttempts: Int?
    var maximumEventAge: Int?
    /// With both members, also where they are empty.
    var destinationConfig: DestinationConfigShape

    init(_ configuration: EventInvokeConfiguration, scope: AccountScope) {
        lastModified = configuration.lastModified.timeIntervalSince1970
        functionARN =
            scope.arn(name: configuration.functionName, qualifier: configuration.qualifier).description
        maximumRetryAttempts = configuration.maximumRetryAttempts
        maximumEventAge = configuration.maximumEventAge
        destinationConfig = DestinationConfigShape(
            onSuccess: .init(destination: configuration.onSuccess),
            onFailure: .init(destination: configuration.onFailure))
    }

    private enum CodingKeys: String, CodingKey {
        case lastModified = "LastModified"
        case functionARN = "FunctionArn"
        case maximumRetryAttempts = "MaximumRetryAttempts"
        case maximumEventAge = "MaximumEventAgeInSeconds"
        case destinationConfig = "DestinationConfig"
    }
}

struct ListEventInvokeConfigsShape: Encodable {
    var configurations: [EventInvokeConfigShape]
    var nextMarker: String?

    private enum CodingKeys: String, CodingKey {
        case configurations = "FunctionEventInvokeConfigs"
        case nextMarker = "NextMarker"
    }
}

/// `DeadLetterConfig`, in requests and responses.
struct DeadLetterConfigShape: Codable {
    /// An ARN.
    var target: String?

    private enum CodingKeys: String, CodingKey {
        case target = "TargetArn"
    }
}
