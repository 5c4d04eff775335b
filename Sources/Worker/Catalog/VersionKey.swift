internal import FunctionModel

/// Names one version of one function.
struct VersionKey: Sendable, Hashable {
    var functionName: String
    var version: FunctionVersion

    init(_ functionName: String, _ version: FunctionVersion) {
        self.functionName = functionName
        self.version = version
    }

    init(_ configuration: FunctionConfiguration) {
        self.init(configuration.functionName, configuration.version)
    }
}
