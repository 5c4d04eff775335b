import AWSClients
import ArgumentParser
import Foundation
import ServerAssembly
import SystemPackage
import Terminal

struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Create or update a function, and publish it.",
        discussion: """
            Zips a directory, without .git and __pycache__, or takes a zip as it is; creates or updates the function; publishes a \
            version with --publish, --snapstart or --alias, and waits until it is ready. What is not named stays as it is.
            """)

    @Argument(help: "A directory with the function's code, or a zip of it.") var code: String
    @Option(help: "The function's name.") var name: String
    @Option(help: "Its runtime, such as python3.11.") var runtime: String?
    @Option(help: "Its handler, such as app.handler.") var handler: String?
    @Option(help: "The ARN of its role. Default: one that is made up.") var role: String?
    @Option(help: "What it is for.") var description: String?
    @Option(help: "Its memory, in megabytes.") var memory: Int?
    @Option(help: "Its timeout, in seconds.") var timeout: Int?
    @Option(
        name: .customLong("env"),
        help: ArgumentHelp(
            "A variable of its environment; those of one deployment are all it has.", valueName: "name=value"))
    var variables: [String] = []
    @Option(name: .customLong("layer"), help: "The ARN of a layer version; several are merged in this order.")
    var layers: [String] = []
    @Flag(help: "Give published versions snapshots (SnapStart), and publish one.") var snapstart = false
    @Flag(help: "Publish a version.") var publish = false
    @Option(help: "Publish a version, and make this alias name it.") var alias: String?
    @OptionGroup var server: ClientOptions

    func validate() throws {
        for variable in variables where !variable.dropFirst().contains("=") {
            throw ValidationError("--env must be name=value; '\(variable)' was given")
        }
    }

    @concurrent
    func run() async throws {
        let zip = try CodeArchive.read(StateDirectory.absolute(code))
        let result = try await server.with { client in
            try await Deployment(
                client: client, name: name, settings: settings, zip: zip,
                publishes: publish || snapstart || alias != nil, alias: alias, progress: Progress.report(name)
            ).run()
        }
        let version = result.function.version
        print(result.alias ?? version == "$LATEST" ? name : "\(name):\(result.alias ?? version)")
    }

    private var settings: LambdaFunction.Settings {
        var settings = LambdaFunction.Settings()
        (settings.runtime, settings.handler, settings.role) = (runtime, handler, role)
        (settings.description, settings.memorySize, settings.timeout) = (description, memory, timeout)
        if !layers.isEmpty { settings.layers = layers }
        if snapstart { settings.set(snapStart: true) }
        if !variables.isEmpty {
            let pairs = variables.map { $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false) }
            settings.set(
                variables: Dictionary(
                    pairs.map { (String($0[0]), String($0[1])) }, uniquingKeysWith: { _, last in last }))
        }
        return settings
    }
}
