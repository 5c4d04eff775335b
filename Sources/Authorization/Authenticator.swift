package import SigV4
internal import Synchronization

/// Finds out who sent a request, by its signature.
package final class Authenticator: Sendable {
    package let users: UserDirectory
    private let region: String
    private let services: Set<String>
    /// Keys of today, by user and scope: to derive one costs as much as four signatures.
    private let keys = Mutex<[KeyName: SigningKey]>([:])

    private struct KeyName: Hashable {
        let accessKeyID: String
        let scope: CredentialScope
    }

    /// - Parameters:
    ///   - region: which signatures must be for.
    ///   - services: for which of AWS's services they may be: Lambda, and what of CloudWatch Logs is answered here.
    package init(users: UserDirectory, region: String, services: Set<String> = ["lambda", "logs"]) {
        self.users = users
        self.region = region
        self.services = services
    }

    /// What a request claims; the body is not looked at yet.
    package func claim(_ request: SignedRequest) throws(AuthenticationError) -> Claim {
        let claim: SignatureClaim?
        do throws(SignatureError) { claim = try SignatureClaim(request) } catch { throw .signature(error) }
        guard let claim else { throw .missing }
        guard let user = users.user(claim.accessKeyID) else { throw .unknownKey }
        guard claim.scope.region == region else { throw .foreignRegion(claim.scope.region) }
        guard services.contains(claim.scope.service) else { throw .foreignService(claim.scope.service) }
        return Claim(user: user, signature: claim, key: key(of: user, claim.scope))
    }

    /// A user, as long as ``verify(_:at:)`` proves it.
    package struct Claim: Sendable {
        package let user: User
        package let signature: SignatureClaim
        fileprivate let key: SigningKey

        /// What reads a body in chunks; nil when the form is none of those.
        package func chunks(_ form: PayloadHash) -> ChunkedPayload? {
            ChunkedPayload(
                form, signer: ChunkSigner(key: key, time: signature.time, seed: signature.signature))
        }

        /// - Parameter request: with the hash of the body that came.
        package func verify(_ request: SignedRequest, at now: SigningTime) throws(AuthenticationError) {
            do throws(SignatureError) { try signature.verify(request, key: key, at: now) } catch {
                throw .signature(error)
            }
        }
    }

    private func key(of user: User, _ scope: CredentialScope) -> SigningKey {
        let name = KeyName(accessKeyID: user.accessKeyID, scope: scope)
        if let known = keys.withLock({ $0[name] }) { return known }
        let key = SigningKey(secretAccessKey: user.secretAccessKey, scope: scope)
        keys.withLock { keys in
            // Days pass, and whoever claims any day must not fill the memory.
            if keys.count >= Self.keptKeys { keys.removeAll() }
            keys[name] = key
        }
        return key
    }

    private static let keptKeys = 256
}

package enum AuthenticationError: Error, Sendable, Equatable {
    /// There is no signature.
    case missing
    /// Nobody has this access key.
    case unknownKey
    /// The signature is for another region.
    case foreignRegion(String)
    /// It is for a service that is not answered here.
    case foreignService(String)
    case signature(SignatureError)
}
