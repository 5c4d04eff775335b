import FunctionModel
import Worker

/// The body of PublishLayerVersion.
struct PublishLayerVersionMembers: Decodable {
    var content: CodeMembers?
    var description: String?
    var licenseInfo: String?
    var compatibleRuntimes: [String]?
    var compatibleArchitectures: [String]?

    private enum CodingKeys: String, CodingKey {
        case content = "Content"
        case description = "Description"
        case licenseInfo = "LicenseInfo"
        case compatibleRuntimes = "CompatibleRuntimes"
        case compatibleArchitectures = "CompatibleArchitectures"
    }

    func request(
        layerName: String, scope: AccountScope, upload: CodeUpload
    ) throws(LambdaError) -> PublishLayerVersionRequest {
        let members = LayerMembers(
            description: description, licenseInfo: licenseInfo, compatibleRuntimes: compatibleRuntimes,
            compatibleArchitectures: compatibleArchitectures)
        let arn = try LayerARN(name: layerName, in: scope) { violations in
            if content == nil { violations.addMissing(at: "content") }
            members.check(&violations)
        }
        try content?.checkZip(upload)
        return PublishLayerVersionRequest(arn: arn, members: members, code: upload)
    }
}

/// The body of AddLayerVersionPermission.
struct AddLayerPermissionMembers: Decodable {
    var statementID: String?
    var action: String?
    var principal: String?
    var organizationID: String?

    private enum CodingKeys: String, CodingKey {
        case statementID = "StatementId"
        case action = "Action"
        case principal = "Principal"
        case organizationID = "OrganizationId"
    }

    var members: LayerPermissionMembers {
        LayerPermissionMembers(
            statementID: statementID, action: action, principal: principal, organization: organizationID)
    }
}

/// A layer version, in the answers of PublishLayerVersion and GetLayerVersion.
struct LayerVersionShape: Encodable {
    var content: Content
    var layerARN: String
    var entry: LayerVersionEntryShape

    struct Content: Encodable {
        /// Where the archive can be had with a plain GET.
        var location: String
        var codeSha256: String
        var codeSize: Int

        private enum CodingKeys: String, CodingKey {
            case location = "Location"
            case codeSha256 = "CodeSha256"
            case codeSize = "CodeSize"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case content = "Content"
        case layerARN = "LayerArn"
    }

    init(_ layer: LayerVersion, scope: AccountScope, location: String) {
        content = Content(location: location, codeSha256: layer.code.sha256, codeSize: layer.code.size)
        layerARN = scope.layerARN(layer.layerName).description
        entry = LayerVersionEntryShape(layer, scope: scope)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(content, forKey: .content)
        try container.encode(layerARN, forKey: .layerARN)
        try entry.encode(to: encoder)
    }
}

/// A layer version in a list.
struct LayerVersionEntryShape: Encodable {
    var layerVersionARN: String
    var version: Int
    var description: String
    var createdDate: String
    var compatibleRuntimes: [String]?
    var compatibleArchitectures: [String]?
    var licenseInfo: String?

    private enum CodingKeys: String, CodingKey {
        case layerVersionARN = "LayerVersionArn"
        case version = "Version"
        case description = "Description"
        case createdDate = "CreatedDate"
        case compatibleRuntimes = "CompatibleRuntimes"
        case compatibleArchitectures = "CompatibleArchitectures"
        case licenseInfo = "LicenseInfo"
    }

    init(_ layer: LayerVersion, scope: AccountScope) {
        layerVersionARN = scope.layerARN(layer.layerName, version: layer.number).description
        version = layer.number
        description = layer.description
        createdDate = WireFormat.lastModified(layer.createdDate)
        compatibleRuntimes = layer.compatibleRuntimes
        compatibleArchitectures = layer.compatibleArchitectures
        licenseInfo = layer.licenseInfo
    }
}

struct ListLayerVersionsShape: Encodable {
    var versions: [LayerVersionEntryShape]
    var nextMarker: String?

    private enum CodingKeys: String, CodingKey {
        case versions = "LayerVersions"
        case nextMarker = "NextMarker"
    }
}

struct ListLayersShape: Encodable {
    var layers: [Entry]
    var nextMarker: String?

    struct Entry: Encodable {
        var layerName: String
        var layerARN: String
        var latest: LayerVersionEntryShape

        init(_ layer: LayerVersion, scope: AccountScope) {
            layerName = layer.layerName
            layerARN = scope.layerARN(layer.layerName).description
            latest = LayerVersionEntryShape(layer, scope: scope)
        }

        private enum CodingKeys: String, CodingKey {
            case layerName = "LayerName"
            case layerARN = "LayerArn"
            case latest = "LatestMatchingVersion"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case layers = "Layers"
        case nextMarker = "NextMarker"
    }
}
