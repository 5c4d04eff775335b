internal import FunctionModel

/// How a sandbox's init comes about: `AWS_LAMBDA_INITIALIZATION_TYPE`.
enum InitializationType: String, Sendable {
    case onDemand = "on-demand"
    case provisioned = "provisioned-concurrency"
    case snapStart = "snap-start"

    init(_ function: FunctionConfiguration, isKept: Bool) {
        if function.version != .latest, function.snapStart.applyOn == .publishedVersions {
            self = .snapStart
        } else {
            self = isKept ? .provisioned : .onDemand
        }
    }
}
