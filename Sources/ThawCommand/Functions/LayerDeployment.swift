import AWSClients
import Foundation
import SigV4

/// Brings a layer of a template to a server: publishes a version, unless the newest one is the same.
struct LayerDeployment: Sendable {
    let client: LambdaClient
    let name: String
    let settings: LambdaClient.LayerSettings
    let zip: [UInt8]
    let progress: @Sendable (String) -> Void

    /// - Returns: the ARN of the version.
    func run() async throws -> String {
        if let newest = try await client.newestVersion(ofLayer: name), isSame(newest) {
            progress("is \(newest.layerVersionArn) as before")
            return newest.layerVersionArn
        }
        progress("publishing a version, \(zip.count) bytes of content")
        let arn = try await client.publish(layer: name, settings, zip: zip)
        progress("is \(arn)")
        return arn
    }

    private func isSame(_ version: LambdaClient.LayerVersion) -> Bool {
        let hash = version.content.codeSha256.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count < 2 ? "0" + digits : digits
        }
        return hash.joined() == PayloadHash(of: zip).text && version.description ?? "" == settings.description ?? ""
            && version.compatibleRuntimes ?? [] == settings.compatibleRuntimes ?? []
    }
}
