import AWSClients

/// Brings a function to a server: makes or changes it, publishes a version, moves an alias, each when the one before is done.
struct Deployment: Sendable {
    /// How often is looked, as AWS's own waiters do, only sooner.
    private static let interval = Duration.milliseconds(200)
    /// What AWS asks for, and nothing here looks at.
    private static let role = "arn:aws:iam::123456789012:role/thaw"

    let client: LambdaClient
    let name: String
    var settings: LambdaFunction.Settings
    let zip: [UInt8]
    let publishes: Bool
    /// What is moved to the version that was published.
    let alias: String?
    var url: LambdaClient.URLSettings?
    var queues: [LambdaClient.QueueSettings] = []
    let progress: @Sendable (String) -> Void

    /// What there is now.
    struct Result: Sendable {
        let function: LambdaFunction
        let alias: String?

        /// How it is invoked.
        var reference: String {
            let version = function.version == "$LATEST" ? nil : function.version
            return function.functionName + ((alias ?? version).map { ":\($0)" } ?? "")
        }
    }

    func run() async throws -> Result {
        if try await client.function(name) == nil { try await create() } else { try await update() }
        let latest = try await ready(nil)
        let result = publishes ? try await publish(latest) : Result(function: latest, alias: nil)
        if let url {
            progress("answers at \(try await client.set(url: url, of: name, qualifier: alias))")
        }
        for queue in queues {
            try await client.connect(queue, to: name, qualifier: alias)
            progress("is sent the messages of \(queue.eventSourceArn)")
        }
        return result
    }

    private func publish(_ latest: LambdaFunction) async throws -> Result {
        let version = try await client.publish(name).version
        let hasSnapshot = latest.snapStart?.applyOn == "PublishedVersions"
        progress("version \(version): \(hasSnapshot ? "initialising, and taking its snapshot" : "publishing")")
        let published = try await ready(version)
        if let alias {
            try await client.move(alias: alias, of: name, to: version)
            progress("alias \(alias) is version \(version)")
        }
        return Result(function: published, alias: alias)
    }

    private func create() async throws {
        guard settings.runtime != nil, settings.handler != nil else { throw DeployError.incomplete(name) }
        var settings = settings
        settings.role = settings.role ?? Self.role
        progress("creating \(name), \(zip.count) bytes of code")
        try await client.create(name, settings, zip: zip)
    }

    private func update() async throws {
        _ = try await ready(nil)
        progress("changing \(name), \(zip.count) bytes of code")
        try await client.update(name, zip: zip)
        _ = try await ready(nil)
        try await client.update(name, settings)
    }

    /// Waits until nothing is under way any more.
    private func ready(_ version: String?) async throws -> LambdaFunction {
        while true {
            guard let function = try await client.function(name, qualifier: version) else {
                throw DeployError.gone(name)
            }
            switch (function.state, function.lastUpdateStatus) {
            case ("Failed", _):
                throw DeployError.failed(name, version, function.stateReason ?? "no reason was given")
            case (_, "Failed"):
                throw DeployError.failed(name, version, function.lastUpdateStatusReason ?? "no reason was given")
            case ("Pending", _), (_, "InProgress"): try await Task.sleep(for: Self.interval)
            default: return function
            }
        }
    }
}

/// Why a function is not there as it was to be.
enum DeployError: Error, CustomStringConvertible {
    case incomplete(String)
    case gone(String)
    case notInTemplate(String, [String])
    case failed(String, String?, String)

    var description: String {
        switch self {
        case .incomplete(let name): "there is no function \(name) yet: say --runtime and --handler to create it"
        case .gone(let name): "the function \(name) was deleted meanwhile"
        case .notInTemplate(let name, let others):
            "the template has no function \(name); it has \(others.joined(separator: ", "))"
        case .failed(let name, let version?, let reason):
            "version \(version) of \(name) failed: \(reason)\nSee what it said: thaw logs \(name) --version \(version)"
        case .failed(let name, nil, let reason): "\(name) failed: \(reason)\nSee what it said: thaw logs \(name)"
        }
    }
}
