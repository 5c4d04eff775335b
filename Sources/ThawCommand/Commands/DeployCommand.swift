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

            A template of AWS SAM is taken too: its layers, and its functions with SnapStart, AutoPublishAlias, Layers, Environment, \
            FunctionUrlConfig and events of type SQS. A layer gets a version when it has changed. What else it has is named, and left out. Build first what needs building: `sam build`, then the \
            template below .aws-sam.
            """)

    @Argument(help: "A directory with the function's code, a zip of it, or a template.yaml.") var code: String
    @Option(help: "The function's name; of a template, the only one to deploy.") var name: String?
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

    private var isTemplate: Bool { [".yaml", ".yml"].contains { code.lowercased().hasSuffix($0) } }

    func validate() throws {
        for variable in variables where !variable.dropFirst().contains("=") {
            throw ValidationError("--env must be name=value; '\(variable)' was given")
        }
        guard isTemplate else {
            if name == nil { throw ValidationError("say the function's name with --name") }
            return
        }
        let own: [Any?] = [runtime, handler, role, description, memory, timeout, alias]
        guard own.allSatisfy({ $0 == nil }), variables.isEmpty, layers.isEmpty, !snapstart, !publish else {
            throw ValidationError("the template says what its functions are; leave all but --name and --endpoint out")
        }
    }

    @concurrent
    func run() async throws {
        let place = StateDirectory.absolute(code)
        try await server.with { client in
            for deployment in try await isTemplate ? template(place, client) : [single(place, client)] {
                print(try await deployment.run().reference)
            }
        }
    }

    private func single(_ place: FilePath, _ client: LambdaClient) throws -> Deployment {
        let name = name ?? ""
        return Deployment(
            client: client, name: name, settings: settings, zip: try CodeArchive.read(place),
            publishes: publish || snapstart || alias != nil, alias: alias, progress: Progress.report(name))
    }

    private func template(_ place: FilePath, _ client: LambdaClient) async throws -> [Deployment] {
        let template = try Template(
            text: String(contentsOfFile: place.string, encoding: .utf8), directory: place.removingLastComponent())
        for item in template.leftOut { Progress.say("not supported, and left out: \(item)") }
        let functions = template.functions.filter { name == nil || $0.name == name }
        guard !functions.isEmpty else { throw DeployError.notInTemplate(name ?? "", template.functions.map(\.name)) }
        let layers = try await layers(of: template, for: functions, place, client)
        return try functions.map { function in
            var function = function
            function.resolve(layers: layers)
            return Deployment(
                client: client, name: function.name, settings: function.settings,
                zip: try CodeArchive.read(function.code ?? place), publishes: function.publishes,
                alias: function.alias, url: function.url, queues: function.queues,
                progress: Progress.report(function.name))
        }
    }

    /// The ARNs of the layers that these functions have, by what stands for them.
    private func layers(
        of template: Template, for functions: [TemplateFunction], _ place: FilePath, _ client: LambdaClient
    ) async throws -> [String: String] {
        let wanted = Set(functions.flatMap { $0.settings.layers ?? [] })
        var arns: [String: String] = [:]
        for layer in template.layers where name == nil || wanted.contains(layer.reference) {
            let deployment = LayerDeployment(
                client: client, name: layer.name, settings: layer.settings,
                zip: try CodeArchive.read(layer.content ?? place), progress: Progress.report(layer.name))
            arns[layer.reference] = try await deployment.run()
        }
        return arns
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
