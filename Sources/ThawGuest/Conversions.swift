import Glibc
import GuestProtocol
import LinuxKit
import RuntimeAPI

// The same things in the words of the two neighbours: what the host says and what the Runtime API serves.

extension RuntimeInvocation {
    init(_ invocation: Invocation) {
        self.init(
            requestID: invocation.requestID, deadlineMilliseconds: invocation.deadlineMilliseconds,
            invokedFunctionARN: invocation.invokedFunctionARN, traceID: invocation.traceID,
            clientContext: invocation.clientContext, payload: invocation.payload)
    }
}

extension RuntimeCredentials {
    init(_ credentials: Credentials) {
        self.init(
            authorizationToken: credentials.authorizationToken, accessKeyID: credentials.accessKeyID,
            secretAccessKey: credentials.secretAccessKey, sessionToken: credentials.sessionToken,
            expiration: credentials.expiration)
    }
}

extension CloneIdentity {
    init(_ uniqueness: Uniqueness) {
        self.init(
            generation: uniqueness.generation, entropy: uniqueness.entropy,
            wallClockNanoseconds: uniqueness.wallClockNanoseconds)
    }
}

extension RuntimeFailure {
    init(_ failure: FunctionFailure) { self.init(errorType: failure.errorType, body: failure.body) }
}

extension Output {
    /// The supervisor's own words to the function's log.
    init(text: String) {
        self.init(stream: .standardError, timestampNanoseconds: WallClock.now(), bytes: Array(text.utf8))
    }
}

/// `uname -r`.
func kernelRelease() -> String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown" }
    return withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
