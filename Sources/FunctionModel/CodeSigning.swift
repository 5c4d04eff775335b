import struct Foundation.Date

/// Whose signatures are wanted of code, and what happens without one. Kept and shown as on AWS: nothing here is signed, and no
/// upload is refused for that.
package struct CodeSigningConfiguration: Codable, Sendable, Equatable {
    /// `csc-` and seventeen lower-case letters and digits.
    package var id: String
    package var description: String?
    /// `AllowedPublishers.SigningProfileVersionArns`
    package var publishers: [String]
    /// `CodeSigningPolicies.UntrustedArtifactOnDeployment`
    package var policy: String
    package var lastModified: Date

    package init(id: String, description: String?, publishers: [String], policy: String, lastModified: Date) {
        self.id = id
        self.description = description
        self.publishers = publishers
        self.policy = policy
        self.lastModified = lastModified
    }

    private static let prefix = "csc-"
    private static let idCharacters = Array("abcdefghijklmnopqrstuvwxyz0123456789")

    package static func makeID() -> String {
        prefix + String((0..<17).map { _ in idCharacters[Int.random(in: 0..<idCharacters.count)] })
    }

    /// `csc-[a-z0-9]{17}`
    static func isID(_ text: Substring) -> Bool {
        text.hasPrefix(prefix) && text.utf8.count == 21
            && text.utf8.dropFirst(prefix.utf8.count).allSatisfy { $0.isDigit || $0.isLowercase }
    }
}
