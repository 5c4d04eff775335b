/// Configurations that cannot be had.
extension LambdaError {
    package static let runtimeAndHandlerMissing = Self(
        code: .invalidParameterValue,
        message: "Runtime and Handler are mandatory parameters for functions created with deployment packages.")

    package static func unknown(runtime: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Value \(runtime) at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \
                [\(Runtimes.current.joined(separator: ", "))] or be a valid ARN
                """)
    }

    package static func retired(runtime: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                The runtime parameter of \(runtime) is no longer supported for creating or updating AWS Lambda \
                functions. We recommend you use a supported runtime while creating or updating functions.
                """)
    }

    /// AWS has the runtime, this server does not.
    package static func unavailable(runtime: String, available: [String]) -> Self {
        let choice = available.isEmpty ? "none" : available.sorted().joined(separator: ", ")
        let reason = Runtimes.absence(of: runtime).map { ": \($0)" } ?? ""
        return Self(
            code: .invalidParameterValue,
            message: """
                Runtime \(runtime) is not available on this server\(reason). Runtimes available: \(choice).
                """)
    }

    package static func unavailable(architecture: String, available: [String]) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Architecture \(architecture) is not available on this server. Architectures available: \
                \(available.joined(separator: ", ")).
                """)
    }

    package static let memoryAboveQuota = Self(
        code: .invalidParameterValue,
        message: """
            'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to \
            \(Limits.memory.upperBound)
            """)

    package static func unsupportedWithSnapStart(_ feature: String) -> Self {
        Self(code: .invalidParameterValue, message: "\(feature) is not supported for SnapStart enabled functions.")
    }

    package static func environmentTooLarge(measured: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Lambda was unable to configure your environment variables because the environment variables you have \
                provided exceeded the 4KB limit. String measured: \(measured)
                """)
    }

    package static func reservedVariables(_ names: [String]) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Lambda was unable to configure your environment variables because the environment variables you have \
                provided contains reserved keys that are currently not supported for modification. Reserved keys used \
                in this request: \(names.joined(separator: ", "))
                """)
    }

    /// A process's environment cannot hold such a value: see environ(7).
    package static func nulInVariable(_ name: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Lambda was unable to configure your environment variables because the value of \(name) contains a NUL \
                character. Remove it, or encode the value.
                """)
    }

    /// A list call's `Marker` that no list call gave out.
    package static func invalidMarker(_ text: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: "The marker '\(text)' is not one that a list call returned. Start without a marker.")
    }
}
