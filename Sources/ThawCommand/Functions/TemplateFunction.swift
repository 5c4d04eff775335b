import AWSClients
import SystemPackage
import Yams

/// An `AWS::Serverless::Function`, with what Globals says of all of them.
package struct TemplateFunction: Sendable {
    package private(set) var name: String
    package private(set) var code: FilePath?
    package private(set) var settings = LambdaFunction.Settings()
    package private(set) var alias: String?
    package private(set) var url: LambdaClient.URLSettings?
    package private(set) var queues: [LambdaClient.QueueSettings] = []
    /// Properties that nothing becomes of.
    private(set) var leftOut: [String] = []

    private let logicalID: String
    private let directory: FilePath
    private var variables: [String: String] = [:]
    private var hasSnapshots = false

    /// Whether a version is published: one without an alias is of use where it has a snapshot.
    package var publishes: Bool { alias != nil || hasSnapshots }

    /// Takes the ARNs that layers of the template have now, by what stands for them.
    package mutating func resolve(layers arns: [String: String]) {
        settings.layers = settings.layers?.map { arns[$0] ?? $0 }
    }

    init(name: String, directory: FilePath) {
        (self.name, logicalID) = (name, name)
        self.directory = directory
    }

    /// Takes properties: texts and numbers replace those of before, maps and lists are added to them, as SAM has it.
    mutating func take(_ properties: Node.Mapping, _ references: TemplateReferences) throws(TemplateError) {
        for (key, value) in properties {
            try take(TemplateProperty(key.string ?? "", value, of: logicalID, references))
        }
    }

    private mutating func take(_ property: TemplateProperty) throws(TemplateError) {
        switch property.name {
        case "FunctionName": name = try property.text
        case "CodeUri": code = directory.pushing(FilePath(try property.text)).lexicallyNormalized()
        case "Runtime": settings.runtime = try property.text
        case "Handler": settings.handler = try property.text
        case "Role": settings.role = try? property.text
        case "Description": settings.description = try property.text
        case "MemorySize": settings.memorySize = try property.number
        case "Timeout": settings.timeout = try property.number
        case "Layers": settings.layers = try (settings.layers ?? []) + property.texts
        case "AutoPublishAlias": alias = try property.text
        case "EphemeralStorage":
            if let size = property["Size"] { settings.set(ephemeralStorage: try size.number) }
        case "Environment":
            for variable in property["Variables"]?.members ?? [] { variables[variable.name] = try variable.text }
            settings.set(variables: variables)
        case "SnapStart":
            hasSnapshots = try property["ApplyOn"]?.text == "PublishedVersions"
            settings.set(snapStart: hasSnapshots)
        case "FunctionUrlConfig": url = try Self.url(property)
        case "Events": for event in property.members { try take(event: event) }
        // What there is no other of here.
        case "Architectures", "PackageType", "Policies", "Tracing": break
        default: leftOut.append("the property \(property.name)")
        }
    }

    private static func url(_ property: TemplateProperty) throws(TemplateError) -> LambdaClient.URLSettings {
        var url = LambdaClient.URLSettings(authType: try property["AuthType"]?.text ?? "AWS_IAM")
        url.invokeMode = try property["InvokeMode"]?.text
        guard let cors = property["Cors"] else { return url }
        url.cors = LambdaClient.URLSettings.CORS(
            allowCredentials: try cors["AllowCredentials"]?.text == "true",
            allowHeaders: try cors["AllowHeaders"]?.texts, allowMethods: try cors["AllowMethods"]?.texts,
            allowOrigins: try cors["AllowOrigins"]?.texts, exposeHeaders: try cors["ExposeHeaders"]?.texts,
            maxAge: try cors["MaxAge"]?.number)
        return url
    }

    private mutating func take(event: TemplateProperty) throws(TemplateError) {
        let type = try event["Type"]?.text ?? ""
        guard type == "SQS", let properties = event["Properties"], let queue = properties["Queue"] else {
            return leftOut.append("the event \(event.name) of type \(type)")
        }
        var settings = LambdaClient.QueueSettings(eventSourceArn: try queue.text)
        settings.batchSize = try properties["BatchSize"]?.number
        settings.maximumBatchingWindowInSeconds = try properties["MaximumBatchingWindowInSeconds"]?.number
        settings.enabled = try properties["Enabled"].map { property throws(TemplateError) in try property.text == "true"
        }
        settings.functionResponseTypes = try properties["FunctionResponseTypes"]?.texts
        queues.append(settings)
    }
}
