package import SigV4

extension SigningCredentials {
    /// Those of the standard variables, if they are set.
    package init?(environment: [String: String]) {
        guard let id = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"], !id.isEmpty,
            !secret.isEmpty
        else { return nil }
        let token = environment["AWS_SESSION_TOKEN"] ?? ""
        self.init(accessKeyID: id, secretAccessKey: secret, sessionToken: token.isEmpty ? nil : token)
    }

    /// Those of a file as AWS's tools have it: `[default]`, and `aws_access_key_id = …` below.
    ///
    /// - Returns: nil when the profile is not there or has no key.
    package init?(fileText text: String, profile: String = "default") {
        let values = AWSProfiles.values(of: profile, in: text)
        guard let id = values["aws_access_key_id"], let secret = values["aws_secret_access_key"], !id.isEmpty,
            !secret.isEmpty
        else { return nil }
        self.init(accessKeyID: id, secretAccessKey: secret, sessionToken: values["aws_session_token"])
    }
}

/// The files in which AWS's tools keep credentials and settings: `[default]`, and `name = value` below.
package enum AWSProfiles {
    /// What the file says of a section; nothing when it is not there.
    package static func values(of wanted: String, in text: String) -> [String: String] {
        var (section, values) = ("", [String: String]())
        for line in text.split(whereSeparator: \.isNewline) {
            let line = trimmed(line)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                section = trimmed(line.dropFirst().dropLast())
            } else if section == wanted, let equals = line.firstIndex(of: "=") {
                values[trimmed(line[..<equals]).lowercased()] = trimmed(line[line.index(after: equals)...])
            }
        }
        return values
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var text = Substring(text)
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
