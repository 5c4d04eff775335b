import AWSClients
import LinuxKit
import SigV4
import SystemPackage

/// As whom the commands ask a server: what AWS's tools find in the environment and in their files, in their order.
package struct ClientUser: Sendable {
    package let credentials: SigningCredentials
    package let region: String
    /// A file with authorities whose certificates are trusted.
    package let authorities: String?

    package init(_ environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        func text(_ name: String, _ file: String) -> String {
            let path = value(name) ?? value("HOME").map { "\($0)/.aws/\(file)" }
            return path.flatMap { try? SmallFile.text(FilePath($0)) } ?? ""
        }
        let profile = value("AWS_PROFILE") ?? "default"
        credentials =
            SigningCredentials(environment: environment)
            ?? SigningCredentials(fileText: text("AWS_SHARED_CREDENTIALS_FILE", "credentials"), profile: profile)
            // A server without users takes any.
            ?? .emulator
        let section = profile == "default" ? profile : "profile \(profile)"
        region =
            value("AWS_REGION") ?? value("AWS_DEFAULT_REGION")
            ?? AWSProfiles.values(of: section, in: text("AWS_CONFIG_FILE", "config"))["region"] ?? "us-east-1"
        authorities = value("AWS_CA_BUNDLE")
    }
}
