import GuestProtocol
import RuntimeAPI

// The same things in the words of the two neighbours: what a sandbox is asked for and what the Runtime API serves.

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
