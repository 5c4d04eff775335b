package import FunctionModel

/// What the API needs from a worker: one method per action of the AWS Lambda API, and one for the commands beside the server.
///
/// Every method throws ``LambdaError``: AWS's error type and message, ready for the wire.
package protocol LambdaService: Sendable {
    func createFunction(_ request: CreateFunctionRequest) async throws(LambdaError) -> FunctionConfiguration
    func functionDescription(_ reference: FunctionReference) async throws(LambdaError) -> FunctionDescription
    func functionConfiguration(_ reference: FunctionReference) async throws(LambdaError) -> FunctionConfiguration
    /// The zip of the version, as it was uploaded: what `Code.Location` of GetFunction's answer leads to.
    func functionCode(_ reference: FunctionReference) async throws(LambdaError) -> [UInt8]
    func listFunctions(allVersions: Bool, page: PageRequest) async throws(LambdaError) -> Page<FunctionConfiguration>
    func deleteFunction(_ reference: FunctionReference) async throws(LambdaError)
    func updateFunctionCode(_ request: UpdateFunctionCodeRequest) async throws(LambdaError) -> FunctionConfiguration
    func updateFunctionConfiguration(
        _ request: UpdateFunctionConfigurationRequest
    ) async throws(LambdaError) -> FunctionConfiguration
    func publishVersion(_ request: PublishVersionRequest) async throws(LambdaError) -> FunctionConfiguration
    func listVersions(functionName: String, page: PageRequest) async throws(LambdaError) -> Page<FunctionConfiguration>
    /// Adds tags, or replaces the values of those that are there.
    func tagFunction(_ name: String, tags: [String: String]) async throws(LambdaError)
    func untagFunction(_ name: String, keys: [String]) async throws(LambdaError)
    func invoke(_ request: InvokeRequest) async throws(LambdaError) -> InvokeResponse
    /// The sandboxes there are.
    func sandboxes() -> [SandboxSummary]
}

package struct CreateFunctionRequest: Sendable {
    package var functionName: String
    package var runtime: String
    package var role: String
    package var handler: String
    package var zipFile: [UInt8]
    package var settings: FunctionSettings
    package var publish: Bool
    package var tags: [String: String]

    package init(
        functionName: String, runtime: String, role: String, handler: String, zipFile: [UInt8],
        settings: FunctionSettings,
        publish: Bool, tags: [String: String]
    ) {
        self.functionName = functionName
        self.runtime = runtime
        self.role = role
        self.handler = handler
        self.zipFile = zipFile
        self.settings = settings
        self.publish = publish
        self.tags = tags
    }
}

/// The optional members that CreateFunction and UpdateFunctionConfiguration share; nil means "not given".
package struct FunctionSettings: Sendable {
    package var description: String?
    package var timeout: Int?
    package var memorySize: Int?
    package var ephemeralStorage: Int?
    package var environment: [String: String]?
    package var architectures: [String]?
    package var tracingMode: String?
    package var snapStart: SnapStart.ApplyOn?
    /// Empty takes the function out of its network.
    package var vpc: VPCConfiguration?

    package init(
        description: String? = nil, timeout: Int? = nil, memorySize: Int? = nil, ephemeralStorage: Int? = nil,
        environment: [String: String]? = nil, architectures: [String]? = nil, tracingMode: String? = nil,
        snapStart: SnapStart.ApplyOn? = nil, vpc: VPCConfiguration? = nil
    ) {
        self.description = description
        self.timeout = timeout
        self.memorySize = memorySize
        self.ephemeralStorage = ephemeralStorage
        self.environment = environment
        self.architectures = architectures
        self.tracingMode = tracingMode
        self.snapStart = snapStart
        self.vpc = vpc
    }
}

/// GetFunction's answer.
package struct FunctionDescription: Sendable {
    package var configuration: FunctionConfiguration
    package var tags: [String: String]

    package init(configuration: FunctionConfiguration, tags: [String: String]) {
        self.configuration = configuration
        self.tags = tags
    }
}

package struct UpdateFunctionCodeRequest: Sendable {
    package var functionName: String
    package var zipFile: [UInt8]
    package var publish: Bool
    package var dryRun: Bool
    package var revisionID: String?

    package init(functionName: String, zipFile: [UInt8], publish: Bool, dryRun: Bool, revisionID: String?) {
        self.functionName = functionName
        self.zipFile = zipFile
        self.publish = publish
        self.dryRun = dryRun
        self.revisionID = revisionID
    }
}

package struct UpdateFunctionConfigurationRequest: Sendable {
    package var functionName: String
    package var runtime: String?
    package var role: String?
    package var handler: String?
    package var settings: FunctionSettings
    package var revisionID: String?

    package init(
        functionName: String, runtime: String?, role: String?, handler: String?, settings: FunctionSettings,
        revisionID: String?
    ) {
        self.functionName = functionName
        self.runtime = runtime
        self.role = role
        self.handler = handler
        self.settings = settings
        self.revisionID = revisionID
    }
}

package struct PublishVersionRequest: Sendable {
    package var functionName: String
    package var codeSha256: String?
    package var description: String?
    package var revisionID: String?

    package init(functionName: String, codeSha256: String?, description: String?, revisionID: String?) {
        self.functionName = functionName
        self.codeSha256 = codeSha256
        self.description = description
        self.revisionID = revisionID
    }
}

package struct InvokeRequest: Sendable {
    package enum InvocationType: String, Sendable, CaseIterable {
        case requestResponse = "RequestResponse"
        case event = "Event"
        case dryRun = "DryRun"
    }
    package enum LogType: String, Sendable, CaseIterable {
        case none = "None"
        case tail = "Tail"
    }
    package var reference: FunctionReference
    /// The `x-amzn-RequestId` of the HTTP exchange; the runtime and the log lines carry the same.
    package var requestID: String
    package var type: InvocationType
    package var logType: LogType
    /// Decoded JSON.
    package var clientContext: String?
    /// JSON, checked by the API; empty means `{}`.
    package var payload: [UInt8]
    /// The X-Ray trace header, the caller's or a new one: `Root=…;Parent=…;Sampled=…`.
    package var traceID: String?

    package init(
        reference: FunctionReference, requestID: String, type: InvocationType, logType: LogType, clientContext: String?,
        payload: [UInt8], traceID: String? = nil
    ) {
        self.reference = reference
        self.requestID = requestID
        self.type = type
        self.logType = logType
        self.clientContext = clientContext
        self.payload = payload
        self.traceID = traceID
    }
}

package struct InvokeResponse: Sendable {
    package var executedVersion: FunctionVersion
    /// `X-Amz-Function-Error`: `Unhandled` when the function failed.
    package var functionError: String?
    /// The last 4 KB of the log, when LogType was Tail; base64 is the API's business.
    package var logTail: [UInt8]?
    package var payload: [UInt8]

    package init(executedVersion: FunctionVersion, functionError: String?, logTail: [UInt8]?, payload: [UInt8]) {
        self.executedVersion = executedVersion
        self.functionError = functionError
        self.logTail = logTail
        self.payload = payload
    }
}

package struct PageRequest: Sendable {
    package var marker: String?
    /// 1–10000; AWS gives at most 50 a page.
    package var maximumItems: Int?

    package init(marker: String? = nil, maximumItems: Int? = nil) {
        self.marker = marker
        self.maximumItems = maximumItems
    }
}

package struct Page<Item: Sendable>: Sendable {
    package var items: [Item]
    package var nextMarker: String?

    package init(items: [Item], nextMarker: String?) {
        self.items = items
        self.nextMarker = nextMarker
    }
}
