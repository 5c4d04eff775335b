import Authorization
import Foundation
import LinuxKit
import SigV4
import SlotNetwork
import SystemPackage

/// With what the commands beside a server that has users ask it: a key of this run, which root alone can read.
package struct LocalKey: Codable, Sendable, Equatable {
    package let secretAccessKey: String
    package let region: String

    private static let accessKeyID = "thaw-local"

    static func make(region: String) -> LocalKey {
        LocalKey(secretAccessKey: SigningCredentials.random(accessKeyID).secretAccessKey, region: region)
    }

    /// Nil where there is none, or not for this user.
    package static func read(_ instance: String) -> LocalKey? {
        guard let bytes = try? SmallFile.bytes(file(of: instance), limit: 65_536) else { return nil }
        return try? JSONDecoder().decode(LocalKey.self, from: Data(bytes))
    }

    func write(_ instance: String) throws {
        try DurableFile.write(
            try JSONEncoder().encode(self), to: Self.file(of: instance), permissions: [.ownerReadWrite])
    }

    package var signer: RequestSigner {
        RequestSigner(
            credentials: SigningCredentials(accessKeyID: Self.accessKeyID, secretAccessKey: secretAccessKey),
            region: region, service: "lambda")
    }

    var user: User {
        User(
            name: Self.accessKeyID, accessKeyID: Self.accessKeyID, secretAccessKey: secretAccessKey,
            grants: [User.Grant(actions: [Pattern("thaw:*")], functions: [Pattern("*")])])
    }

    private static func file(of instance: String) -> FilePath {
        SlotConfiguration.directory(ofInstance: instance).appending("key.json")
    }
}
