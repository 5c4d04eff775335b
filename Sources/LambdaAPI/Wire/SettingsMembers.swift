import FunctionModel
import Worker

/// The members that CreateFunction and UpdateFunctionConfiguration have in common, decoded beside the request's own.
struct SettingsMembers: Decodable {
    var runtime: String?
    var role: String?
    var handler: String?
    var description: String?
    var timeout: Int?
    var memorySize: Int?
    var ephemeralStorage: EphemeralStorageShape?
    var environment: EnvironmentShape?
    var tracingConfig: TracingConfigShape?
    var snapStart: SnapStartMember?
    var loggingConfig: LoggingConfigMember?
    var vpcConfig: VPCConfigMember?
    var deadLetterConfig: DeadLetterConfigShape?
    var layers: [String]?
    var imageConfig: ImageConfigShape?

    struct SnapStartMember: Decodable {
        var applyOn: String?

        private enum CodingKeys: String, CodingKey {
            case applyOn = "ApplyOn"
        }
    }

    struct LoggingConfigMember: Decodable {
        var logFormat: String?
        var applicationLogLevel: String?
        var systemLogLevel: String?
        var logGroup: String?

        private enum CodingKeys: String, CodingKey {
            case logFormat = "LogFormat"
            case applicationLogLevel = "ApplicationLogLevel"
            case systemLogLevel = "SystemLogLevel"
            case logGroup = "LogGroup"
        }

        var members: LoggingMembers {
            LoggingMembers(
                format: logFormat, applicationLevel: applicationLogLevel, systemLevel: systemLogLevel, group: logGroup)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case runtime = "Runtime"
        case role = "Role"
        case handler = "Handler"
        case description = "Description"
        case timeout = "Timeout"
        case memorySize = "MemorySize"
        case ephemeralStorage = "EphemeralStorage"
        case environment = "Environment"
        case tracingConfig = "TracingConfig"
        case snapStart = "SnapStart"
        case loggingConfig = "LoggingConfig"
        case vpcConfig = "VpcConfig"
        case deadLetterConfig = "DeadLetterConfig"
        case layers = "Layers"
        case imageConfig = "ImageConfig"
    }
}

extension SettingsMembers {
    /// For the checks, which name all mistakes at once.
    func functionMembers(architectures: [String]? = nil, tags: [String: String]? = nil) -> FunctionMembers {
        var members = FunctionMembers(
            runtime: runtime, role: role, handler: handler, description: description, timeout: timeout,
            memorySize: memorySize, ephemeralStorage: ephemeralStorage?.size, environment: environment?.variables,
            architectures: architectures, tracingMode: tracingConfig?.mode, snapStart: snapStart?.applyOn,
            vpc: vpcConfig?.value, allowsIPv6: vpcConfig?.ipv6AllowedForDualStack, tags: tags,
            logging: loggingConfig?.members, environmentOrder: environment?.order, layers: layers)
        members.imageSettings = imageConfig?.settings
        return members
    }

    /// For the worker, once checked.
    func settings(architectures: [String]? = nil) throws(LambdaError) -> FunctionSettings {
        try Destination.checkDeadLetter(deadLetterConfig?.target)
        return FunctionSettings(
            description: description, timeout: timeout, memorySize: memorySize,
            ephemeralStorage: ephemeralStorage?.size,
            // An Environment without Variables removes them all.
            environment: environment.map { $0.variables ?? [:] }, architectures: architectures,
            tracingMode: tracingConfig?.mode,
            snapStart: try snapStart?.applyOn.map(FunctionValidation.snapStartApplyOn), vpc: vpcConfig?.value,
            logging: loggingConfig?.members,
            // A DeadLetterConfig without a TargetArn ends it.
            deadLetterTarget: deadLetterConfig.map { $0.target ?? "" }, layers: layers,
            image: imageConfig?.settings)
    }
}
