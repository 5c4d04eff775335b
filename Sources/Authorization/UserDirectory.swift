internal import Foundation
package import SystemPackage

/// The users of a server, by their access keys.
package struct UserDirectory: Sendable {
    package let users: [String: User]

    package init(_ users: [User]) { self.users = Dictionary(users.map { ($0.accessKeyID, $0) }) { one, _ in one } }

    /// With one more user, whose access key nobody else has then.
    package func adding(_ user: User) -> UserDirectory {
        UserDirectory(users.values.filter { $0.accessKeyID != user.accessKeyID } + [user])
    }

    package func user(_ accessKeyID: String) -> User? { users[accessKeyID] }

    /// Reads a users file:
    /// ```json
    /// {"users": [{"name": "ci", "accessKeyId": "AKIDCI", "secretAccessKey": "…",
    ///             "allow": [{"actions": ["lambda:Invoke*"], "functions": ["orders-*"]}]}]}
    /// ```
    package init(parsing bytes: [UInt8], of path: FilePath) throws(UsersFileError) {
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw UsersFileError(path, Self.text(of: error))
        } catch {
            throw UsersFileError(path, "it is not JSON")
        }
        guard !file.users.isEmpty else { throw UsersFileError(path, "it names no user") }
        var users: [User] = []
        for entry in file.users {
            let user = try entry.user(path)
            guard !users.contains(where: { $0.accessKeyID == user.accessKeyID }) else {
                throw UsersFileError(path, "two users have the accessKeyId '\(user.accessKeyID)'")
            }
            users.append(user)
        }
        self.init(users)
    }

    private static func text(of error: DecodingError) -> String {
        let (context, what): (DecodingError.Context, String) =
            switch error {
            case .keyNotFound(let key, let context): (context, "'\(key.stringValue)' is missing")
            case .typeMismatch(_, let context), .valueNotFound(_, let context): (context, "a value has the wrong type")
            case .dataCorrupted(let context): (context, "it is not valid JSON")
            @unknown default: (.init(codingPath: [], debugDescription: ""), "it is not valid")
            }
        let place = context.codingPath.map { $0.intValue.map { "\($0)" } ?? $0.stringValue }.joined(separator: ".")
        return place.isEmpty ? what : "\(what) at \(place)"
    }

    private struct File: Decodable {
        var users: [Entry]
    }

    private struct Entry: Decodable {
        var name: String
        var accessKeyId: String
        var secretAccessKey: String
        var allow: [Grant]

        private static let services = ["lambda:", "logs:", "thaw:"]

        struct Grant: Decodable {
            var actions: [String]
            var functions: [String]
        }

        func user(_ path: FilePath) throws(UsersFileError) -> User {
            guard !name.isEmpty else { throw UsersFileError(path, "a user has an empty name") }
            let isKey =
                !accessKeyId.isEmpty
                && accessKeyId.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x2F && $0 != 0x2C }
            guard isKey, accessKeyId.utf8.count <= 128 else {
                throw UsersFileError(
                    path, "the accessKeyId of '\(name)' must be 1 to 128 characters without '/' and ','")
            }
            guard secretAccessKey.utf8.count >= 16 else {
                throw UsersFileError(path, "the secretAccessKey of '\(name)' must have at least 16 characters")
            }
            for action in allow.flatMap(\.actions) {
                guard action != "*", !Self.services.contains(where: action.hasPrefix) else { continue }
                throw UsersFileError(
                    path, "'\(name)' is allowed '\(action)': actions are '*' or begin with 'lambda:' or 'logs:'")
            }
            return User(
                name: name, accessKeyID: accessKeyId, secretAccessKey: secretAccessKey,
                grants: allow.map {
                    User.Grant(actions: $0.actions.map(Pattern.init), functions: $0.functions.map(Pattern.init))
                })
        }
    }
}

/// Why the users file cannot be used.
package struct UsersFileError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ path: FilePath, _ why: String) {
        description = "cannot use the users file \(path): \(why). docs/operations.md shows what stands in it."
    }
}
