import FunctionModel

/// `FunctionConfiguration` of the API. Members without a value are left out, never null.
struct FunctionConfigurationShape: Encodable {
    var functionName: String
    var functionARN: String
    /// Left out for a container image.
    var runtime: String?
    var role: String
    /// Left out for a container image.
    var handler: String?
    var codeSize: Int
    var description: String
    var timeout: Int
    var memorySize: Int
    var lastModified: String
    var codeSha256: String
    var version: String
    var environment: EnvironmentShape?
    var tracingConfig: TracingConfigShape
    var revisionID: String
    var state: String?
    var stateReason: String?
    var stateReasonCode: String?
    var lastUpdateStatus: String?
    var lastUpdateStatusReason: String?
    var lastUpdateStatusReasonCode: String?
    var packageType: String
    var architectures: [String]
    var ephemeralStorage: EphemeralStorageShape
    var snapStart: SnapStartShape
    var runtimeVersionConfig: RuntimeVersionConfig?
    var loggingConfig: LoggingConfig
    var vpcConfig: VPCConfigShape?
    var deadLetterConfig: DeadLetterConfigShape?
    /// Left out when there are none.
    var layers: [LayerShape]?
    var imageConfig: ImageConfigAnswer?

    struct LayerShape: Encodable {
        var arn: String
        var codeSize: Int

        private enum CodingKeys: String, CodingKey {
            case arn = "Arn"
            case codeSize = "CodeSize"
        }
    }

    struct SnapStartShape: Encodable {
        var applyOn: String
        var optimizationStatus: String

        private enum CodingKeys: String, CodingKey {
            case applyOn = "ApplyOn"
            case optimizationStatus = "OptimizationStatus"
        }
    }

    struct RuntimeVersionConfig: Encodable {
        var runtimeVersionARN: String

        private enum CodingKeys: String, CodingKey {
            case runtimeVersionARN = "RuntimeVersionArn"
        }
    }

    struct LoggingConfig: Encodable {
        var logFormat: String
        var applicationLogLevel: String?
        var systemLogLevel: String?
        var logGroup: String

        init(_ configuration: FunctionConfiguration) {
            let logging = configuration.logging ?? .standard
            logFormat = logging.format.rawValue
            applicationLogLevel = logging.applicationLevel
            systemLogLevel = logging.systemLevel
            logGroup = configuration.logGroup
        }

        private enum CodingKeys: String, CodingKey {
            case logFormat = "LogFormat"
            case applicationLogLevel = "ApplicationLogLevel"
            case systemLogLevel = "SystemLogLevel"
            case logGroup = "LogGroup"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case functionName = "FunctionName"
        case functionARN = "FunctionArn"
        case runtime = "Runtime"
        case role = "Role"
        case handler = "Handler"
        case codeSize = "CodeSize"
        case description = "Description"
        case timeout = "Timeout"
        case memorySize = "MemorySize"
        case lastModified = "LastModified"
        case codeSha256 = "CodeSha256"
        case version = "Version"
        case environment = "Environment"
        case tracingConfig = "TracingConfig"
        case revisionID = "RevisionId"
        case state = "State"
        case stateReason = "StateReason"
        case stateReasonCode = "StateReasonCode"
        case lastUpdateStatus = "LastUpdateStatus"
        case lastUpdateStatusReason = "LastUpdateStatusReason"
        case lastUpdateStatusReasonCode = "LastUpdateStatusReasonCode"
        case packageType = "PackageType"
        case architectures = "Architectures"
        case ephemeralStorage = "EphemeralStorage"
        case snapStart = "SnapStart"
        case runtimeVersionConfig = "RuntimeVersionConfig"
        case loggingConfig = "LoggingConfig"
        case vpcConfig = "VpcConfig"
        case deadLetterConfig = "DeadLetterConfig"
        case layers = "Layers"
        case imageConfig = "ImageConfigResponse"
    }
}

extension FunctionConfigurationShape {
    /// Everything but the states; see ``WireFormat/configuration(_:qualifier:entry:)``.
    init(_ configuration: FunctionConfiguration, arn: FunctionARN) {
        functionName = configuration.functionName
        functionARN = arn.description
        let isImage = configuration.image != nil
        packageType = isImage ? "Image" : "Zip"
        imageConfig = ImageConfigAnswer(configuration.image?.settings)
        runtime = isImage ? nil : configuration.runtime
        role = configuration.role
        handler = isImage ? nil : configuration.handler
        codeSize = configuration.code.size
        description = configuration.description
        timeout = configuration.timeout
        memorySize = configuration.memorySize
        lastModified = WireFormat.lastModified(configuration.lastModified)
        codeSha256 = configuration.code.sha256
        version = configuration.version.qualifier
        let hasEnvironment = configuration.isEnvironmentGiven ?? !configuration.environment.isEmpty
        environment = hasEnvironment ? EnvironmentShape(variables: configuration.environment) : nil
        tracingConfig = TracingConfigShape(mode: configuration.tracingMode)
        revisionID = configuration.revisionID
        architectures = configuration.architectures
        ephemeralStorage = EphemeralStorageShape(size: configuration.ephemeralStorage)
        snapStart = SnapStartShape(
            applyOn: configuration.snapStart.applyOn.rawValue,
            optimizationStatus: configuration.snapStart.optimizationStatus.rawValue)
        vpcConfig = configuration.vpc.map(VPCConfigShape.init)
        loggingConfig = LoggingConfig(configuration)
        layers = configuration.layers?.map { LayerShape(arn: $0.arn, codeSize: $0.code.size) }
        deadLetterConfig = configuration.deadLetterTarget.map { DeadLetterConfigShape(target: $0) }
    }
}
