import FunctionModel
import Worker

/// The body of UpdateFunctionCode.
struct UpdateFunctionCodeMembers: Decodable {
    var code: CodeMembers
    var architectures: [String]?
    var publish: Bool?
    var dryRun: Bool?
    var revisionID: String?

    private enum CodingKeys: String, CodingKey {
        case architectures = "Architectures"
        case publish = "Publish"
        case dryRun = "DryRun"
        case revisionID = "RevisionId"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = try CodeMembers(from: decoder)
        architectures = try container.decodeIfPresent([String].self, forKey: .architectures)
        publish = try container.decodeIfPresent(Bool.self, forKey: .publish)
        dryRun = try container.decodeIfPresent(Bool.self, forKey: .dryRun)
        revisionID = try container.decodeIfPresent(String.self, forKey: .revisionID)
    }

    /// Architectures are checked and then left out: a server has one, and every function on it has that one.
    func request(
        functionName: String, abilities: ServerAbilities, upload: CodeUpload
    ) throws(LambdaError) -> UpdateFunctionCodeRequest {
        try FunctionValidation.checkUpdate(FunctionMembers(architectures: architectures), by: abilities)
        // What the function is decides which of both it needs; the worker knows.
        try code.check(upload, isImage: code.imageURI != nil, action: "updating")
        return UpdateFunctionCodeRequest(
            functionName: functionName, code: upload, publish: publish ?? false, dryRun: dryRun ?? false,
            revisionID: revisionID, imageURI: code.imageURI)
    }
}

/// The body of UpdateFunctionConfiguration.
struct UpdateFunctionConfigurationMembers: Decodable {
    var revisionID: String?
    var settings: SettingsMembers
    var unserved: UnservedMembers

    private enum CodingKeys: String, CodingKey {
        case revisionID = "RevisionId"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        revisionID = try container.decodeIfPresent(String.self, forKey: .revisionID)
        settings = try SettingsMembers(from: decoder)
        unserved = try UnservedMembers(from: decoder)
    }

    func request(
        functionName: String, abilities: ServerAbilities
    ) throws(LambdaError) -> UpdateFunctionConfigurationRequest {
        try FunctionValidation.checkUpdate(settings.functionMembers(), by: abilities)
        try unserved.check()
        return UpdateFunctionConfigurationRequest(
            functionName: functionName, runtime: settings.runtime, role: settings.role, handler: settings.handler,
            settings: try settings.settings(), revisionID: revisionID)
    }
}

/// The body of PublishVersion.
struct PublishVersionMembers: Decodable {
    var codeSha256: String?
    var description: String?
    var revisionID: String?
    /// `$LATEST.PUBLISHED`, of functions on capacity providers only.
    var publishTo: String?

    private enum CodingKeys: String, CodingKey {
        case codeSha256 = "CodeSha256"
        case description = "Description"
        case revisionID = "RevisionId"
        case publishTo = "PublishTo"
    }

    func request(functionName: String) throws(LambdaError) -> PublishVersionRequest {
        if let publishTo, !publishTo.isEmpty { throw .unserved(member: "PublishTo") }
        try FunctionValidation.checkDescription(description)
        return PublishVersionRequest(
            functionName: functionName, codeSha256: codeSha256, description: description, revisionID: revisionID)
    }
}
