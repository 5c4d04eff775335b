import FunctionModel
import Worker

/// The body of CreateFunction.
struct CreateFunctionMembers: Decodable {
    var functionName: String?
    var code: CodeMembers?
    var packageType: String?
    var architectures: [String]?
    var publish: Bool?
    var tags: [String: String]?
    var settings: SettingsMembers
    var unserved: UnservedMembers

    private enum CodingKeys: String, CodingKey {
        case functionName = "FunctionName"
        case code = "Code"
        case packageType = "PackageType"
        case architectures = "Architectures"
        case publish = "Publish"
        case tags = "Tags"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        functionName = try container.decodeIfPresent(String.self, forKey: .functionName)
        code = try container.decodeIfPresent(CodeMembers.self, forKey: .code)
        packageType = try container.decodeIfPresent(String.self, forKey: .packageType)
        architectures = try container.decodeIfPresent([String].self, forKey: .architectures)
        publish = try container.decodeIfPresent(Bool.self, forKey: .publish)
        tags = try container.decodeIfPresent([String: String].self, forKey: .tags)
        settings = try SettingsMembers(from: decoder)
        unserved = try UnservedMembers(from: decoder)
    }

    /// Checks everything that can be told from the request alone, in AWS's order.
    func request(
        scope: AccountScope, abilities: ServerAbilities, upload: CodeUpload
    ) throws(LambdaError) -> CreateFunctionRequest {
        let (functionName, code) = try required()
        let reference = try FunctionReference(creating: functionName, in: scope)
        var members = settings.functionMembers(architectures: architectures, tags: tags)
        members.isImage = packageType == "Image"
        try FunctionValidation.checkCreation(members, by: abilities)
        guard let role = settings.role else { throw .runtimeAndHandlerMissing }
        try unserved.check()
        try code.check(upload, isImage: members.isImage, action: "creating")
        return CreateFunctionRequest(
            functionName: reference.name, runtime: settings.runtime ?? "", role: role,
            handler: settings.handler ?? "", code: upload,
            settings: try settings.settings(architectures: architectures), publish: publish ?? false,
            tags: tags ?? [:], imageURI: code.imageURI)
    }

    private func required() throws(LambdaError) -> (functionName: String, code: CodeMembers) {
        var violations = ConstraintViolations()
        if functionName == nil { violations.addMissing(at: "functionName") }
        if code == nil { violations.addMissing(at: "code") }
        if settings.role == nil { violations.addMissing(at: "role") }
        let packageTypes = ["Zip", "Image"]
        if let packageType, !packageTypes.contains(packageType) {
            violations.add(packageType, at: "packageType", .oneOf(packageTypes))
        }
        try violations.throwIfAny()
        guard let functionName, let code else { throw .codeMissing }
        return (functionName, code)
    }
}
