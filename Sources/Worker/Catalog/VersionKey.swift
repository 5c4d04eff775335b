package import FunctionModel

/// Names one version of one function.
package struct VersionKey: Sendable, Hashable {
    package var functionName: String
    package var version: FunctionVersion

    package init(_ functionName: String, _ version: FunctionVersion) {
        self.functionName = functionName
        self.version = version
    }

    init(_ configuration: FunctionConfiguration) {
        self.init(configuration.functionName, configuration.version)
    }
}
