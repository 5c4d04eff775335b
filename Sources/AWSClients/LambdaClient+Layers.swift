package import Foundation

/// Layers.
extension LambdaClient {
    package struct LayerSettings: Encodable, Sendable {
        package var description: String?
        package var licenseInfo: String?
        package var compatibleRuntimes: [String]?
        package var compatibleArchitectures: [String]?

        package init() {}
    }

    /// A version of a layer.
    package struct LayerVersion: Decodable, Sendable {
        package struct Content: Decodable, Sendable {
            /// Of the zip, in base64.
            package var codeSha256: Data
        }

        package var layerVersionArn: String
        package var description: String?
        package var compatibleRuntimes: [String]?
        package var content: Content
    }

    private static let layers = "/2018-10-31/layers"

    /// Nil when the layer has no version.
    package func newestVersion(ofLayer name: String) async throws(AWSClientError) -> LayerVersion? {
        struct Version: Decodable { var version: Int }
        struct Output: Decodable { var layerVersions: [Version] }
        let place = Self.path(name, in: Self.layers) + "/versions"
        let list = try await call("GET", place, query: "MaxItems=1", as: Output.self)
        guard let newest = list.layerVersions.first else { return nil }
        return try await call("GET", "\(place)/\(newest.version)", as: LayerVersion.self)
    }

    /// - Returns: the ARN of the new version.
    package func publish(
        layer name: String, _ settings: LayerSettings, zip: [UInt8]
    ) async throws(AWSClientError) -> String {
        struct Input: Encodable {
            struct Content: Encodable { var zipFile: Data }
            var content: Content
            var description: String?
            var licenseInfo: String?
            var compatibleRuntimes: [String]?
            var compatibleArchitectures: [String]?
        }
        let input = Input(
            content: .init(zipFile: Data(zip)), description: settings.description, licenseInfo: settings.licenseInfo,
            compatibleRuntimes: settings.compatibleRuntimes, compatibleArchitectures: settings.compatibleArchitectures)
        let place = Self.path(name, in: Self.layers) + "/versions"
        return try await call("POST", place, body: input, as: LayerVersion.self, seconds: 300).layerVersionArn
    }
}
