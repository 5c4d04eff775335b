import Foundation
import FunctionModel

/// The body of AddPermission.
struct AddPermissionMembers: Decodable {
    var permission: PermissionMembers
    var revisionID: String?

    private enum CodingKeys: String, CodingKey {
        case statementID = "StatementId"
        case action = "Action"
        case principal = "Principal"
        case sourceARN = "SourceArn"
        case sourceAccount = "SourceAccount"
        case eventSourceToken = "EventSourceToken"
        case principalOrganization = "PrincipalOrgID"
        case urlAuthType = "FunctionUrlAuthType"
        case isInvokedViaURL = "InvokedViaFunctionUrl"
        case revisionID = "RevisionId"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) throws -> String? { try container.decodeIfPresent(String.self, forKey: key) }
        permission = PermissionMembers(
            statementID: try text(.statementID), action: try text(.action), principal: try text(.principal))
        permission.sourceARN = try text(.sourceARN)
        permission.sourceAccount = try text(.sourceAccount)
        permission.eventSourceToken = try text(.eventSourceToken)
        permission.principalOrganization = try text(.principalOrganization)
        permission.urlAuthType = try text(.urlAuthType)
        permission.isInvokedViaURL = try container.decodeIfPresent(Bool.self, forKey: .isInvokedViaURL)
        // An empty one is what clients send for an unset variable.
        revisionID = try text(.revisionID).flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// The body of CreateFunctionUrlConfig and UpdateFunctionUrlConfig.
struct FunctionURLConfigMembers: Decodable {
    var authType: String?
    var invokeMode: String?
    var cors: CORS?

    private enum CodingKeys: String, CodingKey {
        case authType = "AuthType"
        case invokeMode = "InvokeMode"
        case cors = "Cors"
    }

    var members: FunctionURLMembers {
        FunctionURLMembers(authType: authType, invokeMode: invokeMode, cors: cors)
    }
}

/// A function URL's configuration, in responses.
struct FunctionURLConfigShape: Encodable {
    var functionURL: String
    var functionARN: String
    var authType: FunctionURL.AuthType
    var cors: CORS?
    var creationTime: String
    /// CreateFunctionUrlConfig leaves it out.
    var lastModifiedTime: String?
    /// Left out by answers to a change, as long as nobody has chosen one.
    var invokeMode: FunctionURL.InvokeMode?

    private enum CodingKeys: String, CodingKey {
        case functionURL = "FunctionUrl"
        case functionARN = "FunctionArn"
        case authType = "AuthType"
        case cors = "Cors"
        case creationTime = "CreationTime"
        case lastModifiedTime = "LastModifiedTime"
        case invokeMode = "InvokeMode"
    }

    /// `2026-01-12T15:32:08.123456Z`
    static func time(_ date: Date) -> String {
        let style = Date.ISO8601FormatStyle()
        let since = date.timeIntervalSince1970
        let microseconds = Int(((since - since.rounded(.down)) * 1_000_000).rounded(.down))
        let digits = String(microseconds)
        let second = Date(timeIntervalSince1970: since.rounded(.down)).formatted(style).dropLast()
        return "\(second).\(String(repeating: "0", count: 6 - digits.count))\(digits)Z"
    }
}

struct ListFunctionURLConfigsShape: Encodable {
    var configurations: [FunctionURLConfigShape]
    var nextMarker: String?

    private enum CodingKeys: String, CodingKey {
        case configurations = "FunctionUrlConfigs"
        case nextMarker = "NextMarker"
    }
}
