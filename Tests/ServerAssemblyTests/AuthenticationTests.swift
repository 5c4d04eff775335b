import Authorization
import LinuxKit
import ServerAssembly
import SystemPackage
import TestSupport
import Testing

/// Whom a server lets in, and where it may listen.
@Suite struct AuthenticationTests {
    static let users = """
        {"users": [{"name": "ci", "accessKeyId": "AKIDCI", "secretAccessKey": "0123456789abcdef", "allow": []}]}
        """

    static func configuration(at address: String) -> ServerConfiguration {
        var configuration = ServerConfiguration(state: StateDirectory("/nowhere"))
        configuration.address = address
        return configuration
    }

    @Test(
        "without users a server listens on loopback, or where it is told to by name",
        arguments: [
            ("127.0.0.1", true), ("localhost", true), ("::1", true), ("127.1.2.3", true), ("0.0.0.0", false),
            ("::", false),
            ("192.0.2.1", false), ("thaw.example", false), ("", false), ("127.0.0.1.example", false),
        ])
    func loopback(address: String, isServed: Bool) throws {
        var configuration = Self.configuration(at: address)
        if isServed {
            #expect(try Authentication.make(configuration).authenticator == nil)
        } else {
            let error = #expect(throws: ServerError.self) {
                try Authentication.make(configuration)
            }
            #expect(error?.code == .openToOthers)
        }
        configuration.allowsUnauthenticated = true
        #expect(try Authentication.make(configuration).authenticator == nil)
    }

    @Test("a users file is root's alone, and belongs to --auth sigv4")
    func file() throws {
        try withScratchDirectory { directory in
            let file = directory.appending("users.json")
            try DurableFile.write(Self.users.utf8, to: file, permissions: [.ownerReadWrite])
            var configuration = Self.configuration(at: "0.0.0.0")
            configuration.users = file
            let alone = #expect(throws: ServerError.self) {
                try Authentication.make(configuration)
            }
            #expect(alone?.code == .usersAndAuth)
            configuration.verifiesSignatures = true
            let users = try Authentication.make(configuration).authenticator?.users
            #expect(users?.user("AKIDCI")?.name == "ci")
            try DurableFile.write(Self.users.utf8, to: file)
            #expect(throws: UsersFileError.self) { try Authentication.make(configuration) }
        }
    }
}
