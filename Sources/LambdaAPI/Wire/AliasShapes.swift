import FunctionModel

/// The body of CreateAlias and UpdateAlias.
struct AliasRequest: Decodable {
    var name: String?
    var functionVersion: String?
    var description: String?
    var routingConfig: RoutingConfigShape?
    var revisionID: String?

    private enum CodingKeys: String, CodingKey {
        case name = "Name"
        case functionVersion = "FunctionVersion"
        case description = "Description"
        case routingConfig = "RoutingConfig"
        case revisionID = "RevisionId"
    }

    var members: AliasMembers {
        AliasMembers(
            functionVersion: functionVersion, description: description,
            // A RoutingConfig without weights removes them.
            weights: routingConfig.map { $0.additionalVersionWeights ?? [:] }, revisionID: revisionID)
    }
}

/// `RoutingConfig`, in requests and responses.
struct RoutingConfigShape: Codable {
    var additionalVersionWeights: [String: Double]?

    private enum CodingKeys: String, CodingKey {
        case additionalVersionWeights = "AdditionalVersionWeights"
    }
}

/// `AliasConfiguration` of the API.
struct AliasShape: Encodable {
    var aliasARN: String
    var name: String
    var functionVersion: String
    var description: String
    var routingConfig: RoutingConfigShape?
    var revisionID: String

    init(_ alias: FunctionAlias, scope: AccountScope) {
        aliasARN = scope.arn(name: alias.functionName, qualifier: alias.name).description
        name = alias.name
        functionVersion = alias.version.qualifier
        description = alias.description
        routingConfig = alias.shift.map {
            RoutingConfigShape(additionalVersionWeights: [$0.version.qualifier: $0.weight])
        }
        revisionID = alias.revisionID
    }

    private enum CodingKeys: String, CodingKey {
        case aliasARN = "AliasArn"
        case name = "Name"
        case functionVersion = "FunctionVersion"
        case description = "Description"
        case routingConfig = "RoutingConfig"
        case revisionID = "RevisionId"
    }
}

struct ListAliasesShape: Encodable {
    var aliases: [AliasShape]
    var nextMarker: String?

    private enum CodingKeys: String, CodingKey {
        case aliases = "Aliases"
        case nextMarker = "NextMarker"
    }
}
