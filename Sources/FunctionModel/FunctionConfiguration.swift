import struct Foundation.Date

/// A function version as Lambda describes it: immutable once published, mutable as `$LATEST`.
package struct FunctionConfiguration: Codable, Sendable, Equatable {
    package var functionName: String
    package var version: FunctionVersion
    /// Empty for a container image.
    package var runtime: String
    package var role: String
    /// Empty for a container image.
    package var handler: String
    package var description: String
    /// Seconds, 1–900.
    package var timeout: Int
    /// Megabytes, 128–10240.
    package var memorySize: Int
    /// Megabytes of `/tmp`, 512–10240.
    package var ephemeralStorage: Int
    package var environment: [String: String]
    /// Whether a client ever gave an `Environment`, which answers then have although it is empty. Rows of before have nothing here.
    package var isEnvironmentGiven: Bool?
    package var architectures: [String]
    package var tracingMode: String
    package var snapStart: SnapStart
    /// Nil when it never was set. Rows of before it existed have none.
    package var vpc: VPCConfiguration?
    /// Nil is ``LoggingConfiguration/standard``.
    package var logging: LoggingConfiguration?
    /// `DeadLetterConfig.TargetArn`: where events go that the function could not handle.
    package var deadLetterTarget: String?
    package var code: CodeReference
    /// Nil for a function whose code is a zip. Rows of before there were images have none.
    package var image: FunctionImage?
    /// In the order in which they are laid over each other at `/opt`. Nil is none: rows of before there were layers have nothing here.
    package var layers: [FunctionLayer]?
    package var state: FunctionState
    package var lastUpdate: LastUpdate?
    package var lastModified: Date
    /// Changes with every change of the function, its state included: what clients send back to detect a race.
    package var revisionID: String
    /// Changes when what a client set changes, not with the state; a version keeps the one it was published from. Equal
    /// identifiers mean that publishing again would publish nothing new.
    package var contentID: String
    /// `RuntimeVersionConfig.RuntimeVersionArn`, once it is known which base image serves the version.
    package var runtimeVersionARN: String?
    /// Of a version that runs in a virtual machine because it could not be frozen as a process: why it could not. Rows of before it
    /// existed have none.
    package var isolationReason: String?

    package init(
        functionName: String, version: FunctionVersion, runtime: String, role: String, handler: String,
        description: String = "", timeout: Int = 3, memorySize: Int = 128, ephemeralStorage: Int = 512,
        environment: [String: String] = [:], architectures: [String] = ["x86_64"], tracingMode: String = "PassThrough",
        snapStart: SnapStart = .off, vpc: VPCConfiguration? = nil, logging: LoggingConfiguration? = nil,
        code: CodeReference, state: FunctionState,
        lastUpdate: LastUpdate?, lastModified: Date, revisionID: String, contentID: String? = nil,
        runtimeVersionARN: String? = nil
    ) {
        self.functionName = functionName
        self.version = version
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
        self.logging = logging
        self.code = code
        self.state = state
        self.lastUpdate = lastUpdate
        self.lastModified = lastModified
        self.revisionID = revisionID
        self.contentID = contentID ?? revisionID
        self.runtimeVersionARN = runtimeVersionARN
    }
}

/// `$LATEST` or a published number.
package enum FunctionVersion: Codable, Sendable, Hashable {
    case latest
    case published(Int)
}

/// The uploaded zip, named by its content. Of a container image, its name only: see ``FunctionConfiguration/image``.
package struct CodeReference: Codable, Sendable, Equatable {
    /// SHA-256 of the zip in base64, or of an image's manifest in hex, as AWS shows them.
    package var sha256: String
    /// Size of the zip in bytes.
    package var size: Int

    package init(sha256: String, size: Int) {
        self.sha256 = sha256
        self.size = size
    }
}

/// A layer version as a function has it, which stays what it is when the layer version is deleted.
package struct FunctionLayer: Codable, Sendable, Equatable {
    package var arn: String
    package var code: CodeReference
    /// Bytes that the archive unpacks to.
    package var unzippedSize: Int

    package init(arn: String, code: CodeReference, unzippedSize: Int) {
        self.arn = arn
        self.code = code
        self.unzippedSize = unzippedSize
    }
}

extension FunctionConfiguration {
    /// Its layers' digests in their order, in hex, which is what a merged image of them is made of; empty without layers.
    package var layerDigests: [String] { (layers ?? []).compactMap(\.code.hexadecimalDigest) }

    /// The zips of its own code, and of its layers'.
    package var archives: [CodeReference] { (image == nil ? [code] : []) + (layers ?? []).map(\.code) }
}

package struct SnapStart: Codable, Sendable, Equatable {
    package enum ApplyOn: String, Codable, Sendable, CaseIterable {
        case publishedVersions = "PublishedVersions"
        case none = "None"
    }
    package enum OptimizationStatus: String, Codable, Sendable {
        case on = "On"
        case off = "Off"
    }
    package var applyOn: ApplyOn
    package var optimizationStatus: OptimizationStatus

    package static let off = SnapStart(applyOn: .none, optimizationStatus: .off)

    package init(applyOn: ApplyOn, optimizationStatus: OptimizationStatus) {
        self.applyOn = applyOn
        self.optimizationStatus = optimizationStatus
    }
}

/// `State`, with the reason where AWS gives one.
package enum FunctionState: Codable, Sendable, Equatable {
    case pending(StateReason)
    case active
    case inactive(StateReason)
    case failed(StateReason)
}

/// `LastUpdateStatus`, with the reason where AWS gives one.
package enum LastUpdate: Codable, Sendable, Equatable {
    case inProgress(StateReason)
    case successful
    case failed(StateReason)
}

package struct StateReason: Codable, Sendable, Equatable {
    /// AWS's `StateReasonCode`, such as `Creating` or `FunctionError.InitTimeout`.
    package var code: String
    package var message: String

    package static let creating = StateReason(code: "Creating", message: "The function is being created.")

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}
