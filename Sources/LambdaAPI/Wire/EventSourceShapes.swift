import Foundation
import FunctionModel

/// The body of CreateEventSourceMapping and of UpdateEventSourceMapping.
struct EventSourceMembers: Decodable {
    var functionName: String?
    var enabled: Bool?
    var tags: [String: String]?
    var settings: EventSourceSettings

    private enum CodingKeys: String, CodingKey {
        case functionName = "FunctionName"
        case enabled = "Enabled"
        case tags = "Tags"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        functionName = try container.decodeIfPresent(String.self, forKey: .functionName)
        enabled = try container.decodeIfPresent(Bool.self, forKey: .enabled)
        tags = try container.decodeIfPresent([String: String].self, forKey: .tags)
        settings = try EventSourceSettings(from: decoder)
    }
}

/// `EventSourceMappingConfiguration` of the API.
struct EventSourceMappingShape: Encodable {
    let mapping: EventSourceMapping
    let scope: AccountScope

    private enum CodingKeys: String, CodingKey {
        case uuid = "UUID"
        case arn = "EventSourceMappingArn"
        case functionARN = "FunctionArn"
        case lastModified = "LastModified"
        case lastProcessingResult = "LastProcessingResult"
        case state = "State"
        case stateReason = "StateTransitionReason"
    }

    func encode(to encoder: any Encoder) throws {
        try mapping.settings.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(mapping.uuid, forKey: .uuid)
        try container.encode(scope.arn(eventSourceMapping: mapping.uuid), forKey: .arn)
        try container.encode(scope.arn(mapping.reference).description, forKey: .functionARN)
        // A number, where functions have a text.
        try container.encode(mapping.lastModified.timeIntervalSince1970, forKey: .lastModified)
        try container.encodeIfPresent(mapping.lastProcessingResult, forKey: .lastProcessingResult)
        try container.encode(mapping.state.rawValue, forKey: .state)
        try container.encode(mapping.stateReason, forKey: .stateReason)
    }
}

struct ListEventSourceMappingsShape: Encodable {
    var mappings: [EventSourceMappingShape]
    var nextMarker: String?

    private enum CodingKeys: String, CodingKey {
        case mappings = "EventSourceMappings"
        case nextMarker = "NextMarker"
    }
}
