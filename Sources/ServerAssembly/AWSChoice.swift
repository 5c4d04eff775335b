import AWSClients
import LinuxKit
import SigV4
import SystemPackage

/// Where this server finds AWS's services, or services compatible with them, and as whom it asks them.
package struct AWSChoice: Sendable {
    /// Of all services that have no endpoint of their own; nil: they are not used.
    package var endpoint: AWSEndpoint?
    package var s3Endpoint: AWSEndpoint?
    /// A file with credentials, in the form of AWS's tools; nil: those of the environment.
    package var credentials: FilePath?

    package init() {}

    /// Reads the credentials.
    func configuration(region: String, environment: [String: String]) throws -> AWSConfiguration {
        var configuration = AWSConfiguration(region: region, endpoint: endpoint)
        configuration.endpoints[.s3] = s3Endpoint
        configuration.authorities = environment["AWS_CA_BUNDLE"].flatMap { $0.isEmpty ? nil : $0 }
        if let path = credentials {
            guard let found = SigningCredentials(fileText: try SmallFile.text(path)) else {
                throw ServerError.noCredentials(path)
            }
            configuration.credentials = found
        } else if let found = SigningCredentials(environment: environment) {
            configuration.credentials = found
        }
        return configuration
    }
}
