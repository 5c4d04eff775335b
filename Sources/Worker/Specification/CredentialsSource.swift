internal import Basics
import GuestProtocol
internal import Telemetry

/// Where the credentials of a function's role come from.
package struct CredentialsSource: Sendable {
    /// AWS's names for the three values, as `/2021-04-23/credentials` and the environment show them.
    package struct Role: Sendable, Equatable {
        package var accessKeyID: String
        package var secretAccessKey: String
        package var sessionToken: String
        /// ISO 8601, UTC.
        package var expiration: String

        package init(accessKeyID: String, secretAccessKey: String, sessionToken: String, expiration: String) {
            self.accessKeyID = accessKeyID
            self.secretAccessKey = secretAccessKey
            self.sessionToken = sessionToken
            self.expiration = expiration
        }
    }

    /// Fresh credentials for a role's ARN; called once for every sandbox, clones included.
    package var credentials: @Sendable (_ role: String) -> Role

    package init(credentials: @escaping @Sendable (_ role: String) -> Role) { self.credentials = credentials }

    /// Well-formed credentials that no service accepts, different for every sandbox: there is no AWS behind this server.
    package static func placeholders(clock: WorkerClock) -> CredentialsSource {
        CredentialsSource { _ in
            let expiration = clock.wallClock() + 12 * 3600 * 1_000_000_000
            return Role(
                accessKeyID: "ASIA" + Hexadecimal.random(bytes: 8).uppercased(),
                secretAccessKey: Hexadecimal.random(bytes: 20), sessionToken: Hexadecimal.random(bytes: 64),
                expiration: Timestamp(nanoseconds: expiration).iso8601)
        }
    }
}
