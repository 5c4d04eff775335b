import GuestProtocol
internal import LinuxKit
import Synchronization

/// Makes what no two sandboxes may share.
struct SandboxIdentity: Sendable {
    let credentials: CredentialsSource
    let clock: WorkerClock
    let generations: Generations

    /// - Parameter token: fixed at init, because the runtime's environment holds it.
    func make(role: CredentialsSource.Role, token: String) -> Uniqueness {
        let entropy = SystemRandom.bytes(Uniqueness.entropyLength)
        return Uniqueness(
            generation: generations.next(clock.wallClock()), entropy: entropy, wallClockNanoseconds: clock.wallClock(),
            credentials: Credentials(
                authorizationToken: token, accessKeyID: role.accessKeyID, secretAccessKey: role.secretAccessKey,
                sessionToken: role.sessionToken, expiration: role.expiration))
    }
}

/// Numbers that grow with every sandbox of this server and of those before it: microseconds since 1970, or one more than the
/// last where that is greater. As a JavaScript number, too, it is exact.
package final class Generations: Sendable {
    private let last = Atomic<UInt64>(0)

    package init() {}

    /// - Parameter wallClock: nanoseconds since 1970.
    package func next(_ wallClock: UInt64) -> UInt64 {
        let now = wallClock / 1000
        var known = last.load(ordering: .relaxed)
        while true {
            let next = max(known + 1, now)
            let (exchanged, original) = last.compareExchange(expected: known, desired: next, ordering: .relaxed)
            if exchanged { return next }
            known = original
        }
    }
}
