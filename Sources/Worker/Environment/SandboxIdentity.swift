import GuestProtocol

/// Makes what no two sandboxes may share.
struct SandboxIdentity: Sendable {
    let credentials: CredentialsSource
    let clock: WorkerClock

    /// - Parameter token: fixed at init, because the runtime's environment holds it.
    func make(role: CredentialsSource.Role, token: String) -> Uniqueness {
        // getrandom(2) underneath.
        var generator = SystemRandomNumberGenerator()
        var entropy: [UInt8] = []
        entropy.reserveCapacity(Uniqueness.entropyLength)
        while entropy.count < Uniqueness.entropyLength {
            withUnsafeBytes(of: generator.next()) { entropy.append(contentsOf: $0) }
        }
        return Uniqueness(
            entropy: entropy, wallClockNanoseconds: clock.wallClock(),
            credentials: Credentials(
                authorizationToken: token, accessKeyID: role.accessKeyID, secretAccessKey: role.secretAccessKey,
                sessionToken: role.sessionToken, expiration: role.expiration))
    }
}
