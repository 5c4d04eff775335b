import AWSClients
import SystemPackage
import Yams

/// A template of AWS's Serverless Application Model, as far as functions and their layers go.
package struct Template: Sendable {
    package private(set) var functions: [TemplateFunction] = []
    package private(set) var layers: [TemplateLayer] = []
    /// What of it nothing becomes of, for people.
    package private(set) var leftOut: [String] = []

    private static let functionType = "AWS::Serverless::Function"
    private static let layerType = "AWS::Serverless::LayerVersion"
    /// Needed by functions, and found elsewhere.
    private static let known: Set<String> = [functionType, "AWS::SQS::Queue"]

    /// - Parameter directory: what paths in it start from.
    package init(text: String, directory: FilePath) throws(TemplateError) {
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch { throw .notYAML("\(error)") }
        guard let root, let resources = root["Resources"]?.mapping else { throw .noResources }
        let references = TemplateReferences(root)
        let globals = root["Globals"]?["Function"]?.mapping
        for (key, resource) in resources {
            let (name, type) = (key.string ?? "", resource["Type"]?.string ?? "")
            if type == Self.layerType {
                let layer = try TemplateLayer(
                    name: name, resource["Properties"]?.mapping ?? [:], directory: directory, references)
                leftOut += layer.leftOut.map { "\(name): \($0)" }
                layers.append(layer)
                continue
            }
            guard type == Self.functionType else {
                if !Self.known.contains(type) { leftOut.append("\(name): resources of type \(type)") }
                continue
            }
            var function = TemplateFunction(name: name, directory: directory)
            for properties in [globals, resource["Properties"]?.mapping] {
                if let properties { try function.take(properties, references) }
            }
            guard function.code != nil else { throw .noCode(name) }
            leftOut += function.leftOut.map { "\(name): \($0)" }
            functions.append(function)
        }
        guard !functions.isEmpty else { throw .noFunctions }
    }
}

/// Why a template cannot be deployed.
package enum TemplateError: Error, CustomStringConvertible {
    case notYAML(String)
    case noResources
    case noFunctions
    case noCode(String)
    case noContent(String)
    case unresolved(String, String)
    case wrong(String, String)

    package var description: String {
        switch self {
        case .notYAML(let reason): "the template is not YAML: \(reason)"
        case .noResources: "the template has no Resources"
        case .noFunctions: "the template has no resource of type AWS::Serverless::Function"
        case .noCode(let function): "the function \(function) has no CodeUri that names a directory or a zip"
        case .noContent(let layer): "the layer \(layer) has no ContentUri that names a directory or a zip"
        case .unresolved(let place, let what):
            "\(place): \(what) cannot be known here. Give its parameter a Default, or write the value itself."
        case .wrong(let place, let wanted): "\(place) must be \(wanted)"
        }
    }
}

/// What Ref, Fn::GetAtt and Fn::Sub stand for.
struct TemplateReferences {
    private static let region = "us-east-1"
    private static let account = "123456789012"
    private static let names = ["!Ref": "Ref", "!Sub": "Fn::Sub", "!GetAtt": "Fn::GetAtt"]

    private var values: [String: String] = [
        "AWS::Region": region, "AWS::AccountId": account, "AWS::Partition": "aws", "AWS::StackName": "thaw",
        "AWS::URLSuffix": "amazonaws.com",
    ]

    init(_ root: Node) {
        for (key, parameter) in root["Parameters"]?.mapping ?? [:] {
            values[key.string ?? ""] = parameter["Default"]?.scalar?.string
        }
        for (key, resource) in root["Resources"]?.mapping ?? [:] {
            let name = key.string ?? ""
            let properties = resource["Properties"]
            switch resource["Type"]?.string {
            case "AWS::SQS::Queue":
                let queue = properties?["QueueName"]?.scalar?.string ?? name
                values["\(name).Arn"] = "arn:aws:sqs:\(Self.region):\(Self.account):\(queue)"
            case "AWS::Serverless::Function":
                let function = properties?["FunctionName"]?.scalar?.string ?? name
                values[name] = function
                values["\(name).Arn"] = "arn:aws:lambda:\(Self.region):\(Self.account):function:\(function)"
            case "AWS::Serverless::LayerVersion": values[name] = Self.layer(name)
            default: break
            }
        }
    }

    /// Stands for a layer of the template: its version, and with it its ARN, is known once it is published.
    static func layer(_ name: String) -> String { "arn:aws:lambda:\(region):\(account):layer:\(name)" }

    /// The text that a value is.
    func text(_ node: Node, at place: String) throws(TemplateError) -> String {
        if let (function, argument) = Self.intrinsic(node) {
            switch function {
            case "Ref", "Fn::GetAtt":
                let name =
                    argument.sequence?.compactMap(\.scalar?.string).joined(separator: ".") ?? argument.scalar?.string
                guard let name, let value = values[name] else {
                    throw .unresolved(place, "\(function) \(name ?? "")")
                }
                return value
            case "Fn::Sub": return try substituted(argument.scalar?.string ?? "", at: place)
            default: throw .unresolved(place, function)
            }
        }
        guard let text = node.scalar?.string else { throw .wrong(place, "a text") }
        return text
    }

    private static func intrinsic(_ node: Node) -> (String, Node)? {
        let tag = node.tag.description
        if tag.hasPrefix("!") { return (names[tag] ?? tag, node) }
        guard let mapping = node.mapping, mapping.count == 1, let (key, value) = mapping.first, let name = key.string,
            name == "Ref" || name.hasPrefix("Fn::")
        else { return nil }
        return (name, value)
    }

    /// `${Name}` and `${Name.Arn}`; `${!Name}` is `${Name}` itself.
    private func substituted(_ text: String, at place: String) throws(TemplateError) -> String {
        var (result, rest) = ("", Substring(text))
        while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
            result += rest[..<start.lowerBound]
            let name = rest[start.upperBound..<end]
            if name.hasPrefix("!") {
                result += "${\(name.dropFirst())}"
            } else if let value = values[String(name)] {
                result += value
            } else {
                throw .unresolved(place, "${\(name)}")
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}
