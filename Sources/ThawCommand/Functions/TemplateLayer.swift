import AWSClients
import SystemPackage
import Yams

/// An `AWS::Serverless::LayerVersion`.
package struct TemplateLayer: Sendable {
    package private(set) var name: String
    package private(set) var content: FilePath?
    package private(set) var settings = LambdaClient.LayerSettings()
    /// What the template's functions have among their layers until it is published.
    package let reference: String
    /// Properties that nothing becomes of.
    private(set) var leftOut: [String] = []

    init(
        name: String, _ properties: Node.Mapping, directory: FilePath, _ references: TemplateReferences
    ) throws(TemplateError) {
        (self.name, reference) = (name, TemplateReferences.layer(name))
        for (key, value) in properties {
            let property = TemplateProperty(key.string ?? "", value, of: name, references)
            switch property.name {
            case "LayerName": self.name = try property.text
            case "ContentUri": content = directory.pushing(FilePath(try property.text)).lexicallyNormalized()
            case "Description": settings.description = try property.text
            case "LicenseInfo": settings.licenseInfo = try property.text
            case "CompatibleRuntimes": settings.compatibleRuntimes = try property.texts
            case "CompatibleArchitectures": settings.compatibleArchitectures = try property.texts
            // Versions stay here until somebody deletes them.
            case "RetentionPolicy", "PublishLambdaVersion": break
            default: leftOut.append("the property \(property.name)")
            }
        }
        guard content != nil else { throw .noContent(name) }
    }
}
