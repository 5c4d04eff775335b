import FunctionModel
import Worker

/// GetAccountSettings' answer.
struct AccountSettingsShape: Encodable {
    var accountLimit: Limit
    var accountUsage: Usage

    struct Limit: Encodable {
        let totalCodeSize = Limits.totalCode
        let codeSizeUnzipped = Limits.unzippedCode
        let codeSizeZipped = Limits.zippedCode
        var concurrentExecutions: Int
        var unreservedConcurrentExecutions: Int

        private enum CodingKeys: String, CodingKey {
            case totalCodeSize = "TotalCodeSize"
            case codeSizeUnzipped = "CodeSizeUnzipped"
            case codeSizeZipped = "CodeSizeZipped"
            case concurrentExecutions = "ConcurrentExecutions"
            case unreservedConcurrentExecutions = "UnreservedConcurrentExecutions"
        }
    }

    struct Usage: Encodable {
        var totalCodeSize: Int
        var functionCount: Int

        private enum CodingKeys: String, CodingKey {
            case totalCodeSize = "TotalCodeSize"
            case functionCount = "FunctionCount"
        }
    }

    init(_ settings: AccountSettings) {
        accountLimit = Limit(
            concurrentExecutions: settings.concurrentExecutions,
            unreservedConcurrentExecutions: settings.unreservedConcurrentExecutions)
        accountUsage = Usage(totalCodeSize: settings.codeSize, functionCount: settings.functionCount)
    }

    private enum CodingKeys: String, CodingKey {
        case accountLimit = "AccountLimit"
        case accountUsage = "AccountUsage"
    }
}

/// The body of CreateCodeSigningConfig and UpdateCodeSigningConfig.
struct CodeSigningRequest: Decodable {
    var description: String?
    var allowedPublishers: PublishersShape?
    var codeSigningPolicies: PoliciesShape?

    private enum CodingKeys: String, CodingKey {
        case description = "Description"
        case allowedPublishers = "AllowedPublishers"
        case codeSigningPolicies = "CodeSigningPolicies"
    }

    var members: CodeSigningMembers {
        CodeSigningMembers(
            description: description, publishers: allowedPublishers?.signingProfileVersionARNs,
            policy: codeSigningPolicies?.untrustedArtifactOnDeployment)
    }
}

/// `AllowedPublishers`, in requests and responses.
struct PublishersShape: Codable {
    var signingProfileVersionARNs: [String]?

    private enum CodingKeys: String, CodingKey {
        case signingProfileVersionARNs = "SigningProfileVersionArns"
    }
}

/// `CodeSigningPolicies`, in requests and responses.
struct PoliciesShape: Codable {
    var untrustedArtifactOnDeployment: String?

    private enum CodingKeys: String, CodingKey {
        case untrustedArtifactOnDeployment = "UntrustedArtifactOnDeployment"
    }
}

/// `CodeSigningConfig` of the API.
struct CodeSigningShape: Encodable {
    var id: String
    var arn: String
    var description: String?
    var allowedPublishers: PublishersShape
    var codeSigningPolicies: PoliciesShape
    var lastModified: String

    init(_ configuration: CodeSigningConfiguration, scope: AccountScope) {
        id = configuration.id
        arn = scope.codeSigningARN(configuration.id)
        description = configuration.description
        allowedPublishers = PublishersShape(signingProfileVersionARNs: configuration.publishers)
        codeSigningPolicies = PoliciesShape(untrustedArtifactOnDeployment: configuration.policy)
        lastModified = WireFormat.lastModified(configuration.lastModified)
    }

    private enum CodingKeys: String, CodingKey {
        case id = "CodeSigningConfigId"
        case arn = "CodeSigningConfigArn"
        case description = "Description"
        case allowedPublishers = "AllowedPublishers"
        case codeSigningPolicies = "CodeSigningPolicies"
        case lastModified = "LastModified"
    }
}

struct ListCodeSigningShape: Encodable {
    var configurations: [CodeSigningShape]
    var nextMarker: String?

    private enum CodingKeys: String, CodingKey {
        case configurations = "CodeSigningConfigs"
        case nextMarker = "NextMarker"
    }
}

struct ListFunctionARNsShape: Encodable {
    var functionARNs: [String]
    var nextMarker: String?

    private enum CodingKeys: String, CodingKey {
        case functionARNs = "FunctionArns"
        case nextMarker = "NextMarker"
    }
}
