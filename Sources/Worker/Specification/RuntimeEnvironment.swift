internal import FunctionModel
import GuestProtocol

/// The environment variables a runtime is started with: those that AWS's runtimes show, which are more than the page "Defined
/// runtime environment variables" of the AWS Lambda Developer Guide names.
struct RuntimeEnvironment: Sendable {
    /// Where sandboxes find the Runtime API.
    static let runtimeAPI = "\(RuntimeAPIAddress.host):\(RuntimeAPIAddress.port)"
    private static let credentials =
        "http://\(RuntimeAPIAddress.credentialsHost):\(RuntimeAPIAddress.port)/2021-04-23/credentials"

    let region: String

    /// How the sandbox's init comes about, and what only that kind has.
    enum Kind {
        /// `token` opens the credentials endpoint; nothing that is the same for all clones may hold the credentials.
        case snapStart(token: String)
        case onDemand(CredentialsSource.Role, logGroup: String, logStream: String, InitializationType)
    }

    /// - Parameter runtimeDefaults: the base image's own; like AWS's defaults they give way to the function's.
    func variables(
        for function: FunctionConfiguration, kind: Kind, runtimeDefaults: [String: String]
    ) -> [String: String] {
        if let image = function.image { return variables(for: function, image, kind) }
        var values = Self.defaults
        if function.runtime == Runtimes.oldestProvided { values.merge(Self.oldestDefaults) { $1 } }
        values.merge(runtimeDefaults) { $1 }
        values.merge(function.environment) { $1 }
        values.merge(reserved(function)) { $1 }
        values.merge(specific(kind)) { $1 }
        return values
    }

    /// A container's: the image's own, where the platform's are not for it alone to say.
    private func variables(
        for function: FunctionConfiguration, _ image: FunctionImage, _ kind: Kind
    ) -> [String: String] {
        var values = Self.oldestDefaults
        values["TZ"] = Self.defaults["TZ"]
        values.merge(Self.places) { $1 }
        values.merge(image.declared.environment) { $1 }
        values.merge(function.environment) { $1 }
        values.merge(common(function)) { $1 }
        values.merge(logging(function)) { $1 }
        values.merge(specific(kind)) { $1 }
        values["_HANDLER"] = image.handler
        return values
    }

    /// What a runtime is given that is booted before it is known for which function: what all with this memory size have in
    /// common.
    func seedVariables(memoryMegabytes: Int, runtimeDefaults: [String: String]) -> [String: String] {
        var values = Self.defaults
        values.merge(runtimeDefaults) { $1 }
        values["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = String(memoryMegabytes)
        values["AWS_REGION"] = region
        values["AWS_DEFAULT_REGION"] = region
        return values
    }

    /// What a function may replace.
    private static let defaults = [
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH":
            "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "TZ": ":UTC",
    ]

    /// There the operating system comes without a language's directory.
    private static let oldestDefaults = [
        "LD_LIBRARY_PATH": "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
        "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    ]

    private func reserved(_ function: FunctionConfiguration) -> [String: String] {
        var values = common(function).merging(Self.places) { $1 }
        values["_HANDLER"] = function.handler
        // AWS names no environment that the function brings itself.
        if !Runtimes.isProvided(function.runtime) { values["AWS_EXECUTION_ENV"] = "AWS_Lambda_\(function.runtime)" }
        return values.merging(logging(function)) { $1 }
    }

    private func logging(_ function: FunctionConfiguration) -> [String: String] {
        guard let logging = function.logging, logging.format == .json else { return [:] }
        var values = ["AWS_LAMBDA_LOG_FORMAT": logging.format.rawValue]
        values["AWS_LAMBDA_LOG_LEVEL"] = logging.applicationLevel
        return values
    }

    /// Where runtimes find code and themselves.
    private static let places = ["LAMBDA_RUNTIME_DIR": "/var/runtime", "LAMBDA_TASK_ROOT": "/var/task"]

    private func common(_ function: FunctionConfiguration) -> [String: String] {
        [
            "AWS_DEFAULT_REGION": region,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": String(function.memorySize),
            "AWS_LAMBDA_FUNCTION_NAME": function.functionName,
            "AWS_LAMBDA_FUNCTION_VERSION": function.version.qualifier,
            "AWS_LAMBDA_RUNTIME_API": Self.runtimeAPI,
            "AWS_REGION": region,
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
            "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000",
            "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1",
            "_AWS_XRAY_DAEMON_PORT": "2000",
        ]
    }

    private func specific(_ kind: Kind) -> [String: String] {
        switch kind {
        case .snapStart(let token):
            [
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": Self.credentials,
                "AWS_LAMBDA_INITIALIZATION_TYPE": InitializationType.snapStart.rawValue,
            ]
        case .onDemand(let role, let logGroup, let logStream, let type):
            [
                "AWS_ACCESS_KEY_ID": role.accessKeyID,
                "AWS_LAMBDA_INITIALIZATION_TYPE": type.rawValue,
                "AWS_LAMBDA_LOG_GROUP_NAME": logGroup,
                "AWS_LAMBDA_LOG_STREAM_NAME": logStream,
                "AWS_SECRET_ACCESS_KEY": role.secretAccessKey,
                "AWS_SESSION_TOKEN": role.sessionToken,
            ]
        }
    }
}
