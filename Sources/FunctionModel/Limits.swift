/// Lambda's quotas, as AWS documents them; sizes in bytes unless named otherwise.
package enum Limits {
    // Code.
    /// The zip of one upload.
    package static let zippedCode = 52_428_800
    /// What the zip unpacks to.
    package static let unzippedCode = 262_144_000
    /// The HTTP body of CreateFunction and UpdateFunctionCode: the zip in base64 and some room.
    package static let uploadRequest = 70_167_211
    /// The HTTP body of every other call that is not an invocation; the largest that means something has some 100 kB.
    package static let controlRequest = 1_048_576

    /// All zips of an account.
    package static let totalCode = 80_530_636_800

    // Layers.
    /// Of one function.
    package static let layers = 5
    /// A layer's name, or its ARN.
    package static let layerName = 140
    package static let layerLicense = 512
    /// `CompatibleRuntimes`.
    package static let layerRuntimes = 15
    package static let layerPageItems = 1...50

    // Invocations.
    /// A synchronous request or response: 6 MiB and 100 bytes of envelope.
    package static let payload = 6_291_556
    /// An asynchronous request.
    package static let asynchronousPayload = 1_048_576
    /// `X-Amz-Client-Context`, in base64.
    package static let clientContext = 3_583
    /// What `X-Amz-Log-Result` shows of the log.
    package static let logTail = 4_096

    // Configuration.
    /// All environment variables together, measured as compact JSON.
    package static let environment = 4_096
    package static let functionName = 64
    /// A name given as an ARN, when a function is created.
    package static let createdFunctionARN = 140
    /// A name given as an ARN, in every other call.
    package static let functionARN = 256
    package static let qualifier = 128
    /// A version's number, in the calls about aliases.
    package static let functionVersion = 1_024
    package static let handler = 128
    package static let functionDescription = 256
    /// A resource policy, as text.
    package static let policy = 20_480
    package static let logGroup = 512
    package static let tags = 50
    package static let tagKey = 128
    package static let tagValue = 256
    /// The name of a virtual network.
    package static let networkName = 40
    /// `VpcConfig.SubnetIds`.
    package static let subnets = 16
    /// `VpcConfig.SecurityGroupIds`.
    package static let securityGroups = 5
    package static let securityGroupID = 1_024
    package static let pageItems = 1...10_000
    /// What a page holds at most, whatever was asked for.
    package static let pageItemsGiven = 50

    /// Megabytes.
    package static let memory = 128...10_240
    /// What the service model lets through before the account's own limit is looked at; megabytes.
    package static let modelledMemory = 128...32_768
    /// Megabytes.
    package static let ephemeralStorage = 512...10_240
    /// Megabytes of `/tmp` up to which SnapStart can be had.
    package static let snapStartEphemeralStorage = 512

    // Time.
    /// Seconds a handler may run.
    package static let timeoutSeconds = 1...900
    /// Seconds init may take without SnapStart.
    package static let initSeconds = 10
    /// Seconds runtime load and after-restore hooks may take together.
    package static let restoreSeconds = 10
    /// Days without an invocation after which AWS removes a snapshot.
    package static let snapshotRetentionDays = 14
    /// Seconds init and before-snapshot hooks may take, at least.
    package static let snapStartInitSeconds = 130

    /// Seconds init and before-snapshot hooks may take for a function with this timeout.
    package static func snapStartInitSeconds(timeout: Int) -> Int { max(snapStartInitSeconds, timeout) }
}
