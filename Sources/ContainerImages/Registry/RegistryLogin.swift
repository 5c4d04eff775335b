internal import Foundation
internal import LinuxKit
package import SystemPackage

/// Logins of registries, as Docker's and Podman's tools keep them: `docker login` and `podman login` write them.
package struct RegistryLogins: Sendable {
    package enum Login: Sendable, Equatable {
        case none
        /// `name:password` in Base64.
        case basic(String)
        /// Exchanged for a token.
        case identity(token: String)
        /// Another program has it, which is not asked.
        case helper(String)
    }

    let file: FilePath?

    /// - Parameter file: nil: there are none.
    package init(file: FilePath?) { self.file = file }

    /// `$REGISTRY_AUTH_FILE`, else `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`.
    package init(environment: [String: String]) {
        let said = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : FilePath($0) } }
        file =
            said("REGISTRY_AUTH_FILE") ?? said("DOCKER_CONFIG")?.appending("config.json")
            ?? said("HOME")?.appending(".docker").appending("config.json")
    }

    private struct Text: Decodable {
        struct Entry: Decodable {
            var auth: String?
            var username: String?
            var password: String?
            var identitytoken: String?
        }

        var auths: [String: Entry]?
        var credHelpers: [String: String]?
        var credsStore: String?
    }

    /// The login of a repository: of its longest name that has one. Read anew each time: people log in meanwhile. Blocks.
    package func login(host: String, name: String) throws(ContainerImageError) -> Login {
        guard let file, let bytes = try bytes(of: file) else { return .none }
        let text: Text
        do { text = try JSONDecoder().decode(Text.self, from: Data(bytes)) } catch {
            throw .unauthorized("The file with logins of registries cannot be read.", cause: "\(file): \(error)")
        }
        if let helper = text.credHelpers?[host] { return .helper(helper) }
        var entries: [String: Text.Entry] = [:]
        for (key, entry) in text.auths ?? [:] { entries[Self.place(key)] = entry }
        var parts = name.split(separator: "/")
        while true {
            let place = ([Substring(host)] + parts).joined(separator: "/")
            if let entry = entries[place] { return Self.login(entry) ?? text.credsStore.map { .helper($0) } ?? .none }
            if parts.popLast() == nil { return .none }
        }
    }

    private func bytes(of file: FilePath) throws(ContainerImageError) -> [UInt8]? {
        do throws(Errno) { return try SmallFile.bytes(file) } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            throw .unauthorized("The file with logins of registries cannot be read.", cause: "\(file): \(error)")
        }
    }

    /// Without what older versions of Docker write around the host.
    private static func place(_ key: String) -> String {
        var key = Substring(key)
        for scheme in ["https://", "http://"] where key.hasPrefix(scheme) { key = key.dropFirst(scheme.count) }
        while key.hasSuffix("/") { key = key.dropLast() }
        for version in ["/v1", "/v2"] where key.hasSuffix(version) { key = key.dropLast(version.count) }
        return String(key)
    }

    private static func login(_ entry: Text.Entry) -> Login? {
        if let token = entry.identitytoken, !token.isEmpty { return .identity(token: token) }
        if let user = entry.username, let password = entry.password, !user.isEmpty {
            return .basic(Data("\(user):\(password)".utf8).base64EncodedString())
        }
        guard let auth = entry.auth, let plain = Data(base64Encoded: auth), plain.contains(UInt8(ascii: ":")) else {
            return nil
        }
        // Some tools pad the password with zeros.
        return .basic(Data(plain.reversed().drop { $0 == 0 }.reversed()).base64EncodedString())
    }
}
