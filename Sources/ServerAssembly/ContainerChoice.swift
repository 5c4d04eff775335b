import BaseImages
import ContainerImages
import Logging
import SystemPackage

/// Where this server takes container images from, and as whom.
package struct ContainerChoice: Sendable {
    /// `HOST[:PORT]` of registries without TLS.
    package var insecureRegistries: Set<String> = []
    /// A file with the authorities that registries' certificates are checked against; nil: the system's.
    package var authorities: FilePath?
    /// A file with logins as Docker keeps them; nil: where the environment says, or Docker's own.
    package var logins: FilePath?
    /// Whether images may be files of this host.
    package var allowsFiles = true

    package init() {}

    /// - Parameter directory: where roots are kept.
    package func store(
        in directory: FilePath, share: ShareDirectory, environment: [String: String], logger: Logger
    ) -> ContainerImageStore {
        var options = ContainerImageOptions()
        options.insecureRegistries = insecureRegistries
        options.authorities = authorities?.string
        options.logins = logins.map { RegistryLogins(file: $0) } ?? RegistryLogins(environment: environment)
        options.allowsFiles = allowsFiles
        options.files = SandboxFiles.network.map { PlacedFile(path: $0.path, content: $0.content) }
        return ContainerImageStore(directory: directory, workshop: share.workshop, options: options, logger: logger)
    }
}
