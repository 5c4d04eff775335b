package import FunctionModel

/// Creates, reads, changes and deletes functions.
package protocol FunctionControlling: Sendable {
    func createFunction(_ request: CreateFunctionRequest) async throws(LambdaError) -> FunctionConfiguration
    func functionDescription(_ reference: FunctionReference) async throws(LambdaError) -> FunctionDescription
    func functionConfiguration(_ reference: FunctionReference) async throws(LambdaError) -> FunctionConfiguration
    /// The zip of the version, as it was uploaded: what `Code.Location` of GetFunction's answer leads to.
    func functionCode(_ reference: FunctionReference) async throws(LambdaError) -> CodeContent
    /// Where the zip of a creation or an update arrives.
    func beginUpload() -> CodeUpload
    /// Has the zip of a creation or an update arrive from where it is.
    func fetchCode(_ place: CodePlace, into upload: CodeUpload) async throws(LambdaError)
    func listFunctions(allVersions: Bool, page: PageRequest) async throws(LambdaError) -> Page<FunctionConfiguration>
    func listVersions(functionName: String, page: PageRequest) async throws(LambdaError) -> Page<FunctionConfiguration>
    func deleteFunction(_ reference: FunctionReference) async throws(LambdaError)
    func updateFunctionCode(_ request: UpdateFunctionCodeRequest) async throws(LambdaError) -> FunctionConfiguration
    func updateFunctionConfiguration(
        _ request: UpdateFunctionConfigurationRequest
    ) async throws(LambdaError) -> FunctionConfiguration
}

/// Changes functions' tags; ``FunctionControlling/functionDescription(_:)`` reads them.
package protocol TagKeeping: Sendable {
    /// Adds tags, or replaces the values of those that are there.
    func tagFunction(_ name: String, tags: [String: String]) async throws(LambdaError)
    func untagFunction(_ name: String, keys: [String]) async throws(LambdaError)
}

package struct CreateFunctionRequest: Sendable {
    package var functionName: String
    package var runtime: String
    package var role: String
    package var handler: String
    package var code: CodeUpload
    package var settings: FunctionSettings
    package var publish: Bool
    package var tags: [String: String]
    /// The image that is the function's code; nil: ``code`` is. Runtime and handler are empty then.
    package var imageURI: String?

    package init(
        functionName: String, runtime: String, role: String, handler: String, code: CodeUpload,
        settings: FunctionSettings,
        publish: Bool, tags: [String: String], imageURI: String? = nil
    ) {
        self.functionName = functionName
        self.runtime = runtime
        self.role = role
        self.handler = handler
        self.code = code
        self.settings = settings
        self.publish = publish
        self.tags = tags
        self.imageURI = imageURI
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
    package var logging: LoggingMembers?
    /// An ARN; empty ends it.
    package var deadLetterTarget: String?
    /// ARNs of layer versions; an empty list takes all away.
    package var layers: [String]?
    /// Of a container image; an empty one takes all away.
    package var image: ImageSettings?

    package init(
        description: String? = nil, timeout: Int? = nil, memorySize: Int? = nil, ephemeralStorage: Int? = nil,
        environment: [String: String]? = nil, architectures: [String]? = nil, tracingMode: String? = nil,
        snapStart: SnapStart.ApplyOn? = nil, vpc: VPCConfiguration? = nil, logging: LoggingMembers? = nil,
        deadLetterTarget: String? = nil, layers: [String]? = nil, image: ImageSettings? = nil
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
        self.logging = logging
        self.deadLetterTarget = deadLetterTarget
        self.layers = layers
        self.image = image
    }
}

/// GetFunction's answer.
package struct FunctionDescription: Sendable {
    package var configuration: FunctionConfiguration
    package var tags: [String: String]
    /// Nil when nothing is reserved.
    package var reservedConcurrency: Int?

    package init(
        configuration: FunctionConfiguration, tags: [String: String], reservedConcurrency: Int? = nil
    ) {
        self.configuration = configuration
        self.tags = tags
        self.reservedConcurrency = reservedConcurrency
    }
}

package struct UpdateFunctionCodeRequest: Sendable {
    package var functionName: String
    package var code: CodeUpload
    package var publish: Bool
    package var dryRun: Bool
    package var revisionID: String?
    /// The image that is to be the function's code; nil: ``code`` is.
    package var imageURI: String?

    package init(
        functionName: String, code: CodeUpload, publish: Bool, dryRun: Bool, revisionID: String?,
        imageURI: String? = nil
    ) {
        self.functionName = functionName
        self.code = code
        self.publish = publish
        self.dryRun = dryRun
        self.revisionID = revisionID
        self.imageURI = imageURI
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

package struct PageRequest: Sendable {
    package var marker: String?
    /// 1–10000; AWS gives at most 50 a page.
    package var maximumItems: Int?

    package init(marker: String? = nil, maximumItems: Int? = nil) {
        self.marker = marker
        self.maximumItems = maximumItems
    }
}
