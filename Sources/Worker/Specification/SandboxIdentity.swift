import GuestProtocol
internal import LinuxKit

/// Makes what no two sandboxes may share.
struct SandboxIdentity: Sendable {
    let credentials: CredentialsSource
    let clock: WorkerClock
    let generations: Generations

    /// - Parameter token: fixed at init, because the runtime's environment holds it.
    func make(role: CredentialsSource.Role, token: String) -> Uniqueness {
        let entropy = SystemRandom.bytes(Uniqueness.entropyLength)
        return Uniqueness(
            generation: generations.next(), entropy: entropy, wallClockNanoseconds: clock.wallClock(),
            credentials: Credentials(
                authorizationToken: token, accessKeyID: role.accessKeyID, secretAccessKey: role.secretAccessKey,
                sessionToken: role.sessionToken, expiration: role.expiration))
    }
}
