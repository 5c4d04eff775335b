/// What a client sent to CreateFunction or UpdateFunctionConfiguration; nil means "not given".
///
/// Enumerations are texts here: they are checked with everything else, so that one answer names all mistakes.
package struct FunctionMembers: Sendable, Equatable {
    package var runtime: String?
    package var role: String?
    package var handler: String?
    package var description: String?
    /// Seconds.
    package var timeout: Int?
    /// Megabytes.
    package var memorySize: Int?
    /// Megabytes.
    package var ephemeralStorage: Int?
    package var environment: [String: String]?
    /// The names of the variables as the request had them, which a refusal repeats; nil where that is not known.
    package var environmentOrder: [String]?
    package var architectures: [String]?
    package var tracingMode: String?
    package var snapStart: String?
    package var vpc: VPCConfiguration?
    /// `Ipv6AllowedForDualStack` of `VpcConfig`.
    package var allowsIPv6: Bool?
    package var tags: [String: String]?
    package var logging: LoggingMembers?
    /// ARNs of layer versions.
    package var layers: [String]?
    /// Whether the function's code is a container image.
    package var isImage = false
    package var imageSettings: ImageSettings?

    package init(
        runtime: String? = nil, role: String? = nil, handler: String? = nil, description: String? = nil,
        timeout: Int? = nil, memorySize: Int? = nil, ephemeralStorage: Int? = nil, environment: [String: String]? = nil,
        architectures: [String]? = nil, tracingMode: String? = nil, snapStart: String? = nil,
        vpc: VPCConfiguration? = nil, allowsIPv6: Bool? = nil, tags: [String: String]? = nil,
        logging: LoggingMembers? = nil, environmentOrder: [String]? = nil, layers: [String]? = nil
    ) {
        self.runtime = runtime
        self.role = role
        self.handler = handler
        self.description = description
        self.timeout = timeout
        self.memorySize = memorySize
        self.ephemeralStorage = ephemeralStorage
        self.environment = environment
        self.architectures = architectures
        self.tracingMode = tracingMode
        self.snapStart = snapStart
        self.vpc = vpc
        self.allowsIPv6 = allowsIPv6
        self.tags = tags
        self.logging = logging
        self.environmentOrder = environmentOrder
        self.layers = layers
    }
}

/// What this server can run.
package struct ServerAbilities: Sendable, Equatable {
    /// Names as AWS has them, of the runtimes with a base image here.
    package var runtimes: [String]
    package var architectures: [String]
    /// What functions may ask for beside ``IsolationChoice/auto``.
    package var isolations: [IsolationChoice]

    package init(
        runtimes: [String], architectures: [String] = ["x86_64"], isolations: [IsolationChoice] = [.microvm, .process]
    ) {
        self.runtimes = runtimes
        self.architectures = architectures
        self.isolations = isolations
    }
}
