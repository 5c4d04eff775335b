/// One event for the runtime and the headers `/runtime/invocation/next` gives with it.
package struct RuntimeInvocation: Sendable, Equatable {
    package var requestID: String
    /// Milliseconds since 1970.
    package var deadlineMilliseconds: UInt64
    package var invokedFunctionARN: String
    package var traceID: String?
    /// Decoded JSON.
    package var clientContext: String?
    package var payload: [UInt8]

    package init(
        requestID: String, deadlineMilliseconds: UInt64, invokedFunctionARN: String, traceID: String? = nil,
        clientContext: String? = nil, payload: [UInt8]
    ) {
        self.requestID = requestID
        self.deadlineMilliseconds = deadlineMilliseconds
        self.invokedFunctionARN = invokedFunctionARN
        self.traceID = traceID
        self.clientContext = clientContext
        self.payload = payload
    }
}

/// What `GET /2021-04-23/credentials` serves to a caller that presents ``authorizationToken``.
package struct RuntimeCredentials: Sendable, Equatable {
    package var authorizationToken: String
    package var accessKeyID: String
    package var secretAccessKey: String
    package var sessionToken: String
    /// ISO 8601, UTC.
    package var expiration: String

    package init(
        authorizationToken: String, accessKeyID: String, secretAccessKey: String, sessionToken: String,
        expiration: String
    ) {
        self.authorizationToken = authorizationToken
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }
}

/// What no two clones of a runtime may share, as the answer to `/runtime/restore/next` tells it.
package struct CloneIdentity: Sendable, Equatable {
    /// Greater with every clone; none has another's.
    package var generation: UInt64
    package var entropy: [UInt8]
    /// Since 1970.
    package var wallClockNanoseconds: UInt64

    package init(generation: UInt64, entropy: [UInt8], wallClockNanoseconds: UInt64) {
        self.generation = generation
        self.entropy = entropy
        self.wallClockNanoseconds = wallClockNanoseconds
    }
}

/// The calls in which a runtime waits for the platform.
package enum BlockingCall: Sendable, Equatable { case restoreNext, invocationNext, layerNext }

/// An error that the runtime posted, or that its answer amounts to.
package struct FunctionFailure: Sendable, Equatable {
    /// Matches AWS's pattern, such as `Runtime.BeforeSnapshotError`.
    package var errorType: String
    /// JSON from the runtime, unchanged.
    package var body: [UInt8]

    package init(errorType: String, body: [UInt8]) {
        self.errorType = errorType
        self.body = body
    }
}

/// What the runtime did, as far as the platform must know.
package enum RuntimeEvent: Sendable, Equatable {
    package enum InitialCall: Sendable, Equatable { case restoreNext, invocationNext }

    /// Init is complete: the runtime made the first call that blocks.
    case initialized(InitialCall)
    /// The runtime is booted and waits in `/runtime/layer/next` to be told its function.
    case layered
    case initializationFailed(FunctionFailure)
    /// The after-restore hooks have run: the runtime asked for its first invocation after ``RuntimeAPIServer/release(_:then:)``.
    case restored
    case restoreFailed(FunctionFailure)
    case responded(requestID: String, payload: [UInt8])
    case invocationFailed(requestID: String, FunctionFailure)
    /// The runtime asked for its next invocation after it answered one.
    case idle
}

/// The platform asked for something that makes no sense in the runtime's state.
package enum RuntimeAPIError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The runtime blocks neither in `/runtime/restore/next` nor in `/runtime/invocation/next`.
    case cannotRelease(state: String)
    /// The runtime does not block in `/runtime/layer/next`.
    case cannotStart(state: String)
    /// Another invocation is queued or running.
    case busy(state: String)

    package var description: String {
        switch self {
        case .cannotRelease(let state): "cannot release a runtime in state \(state): it waits for no restore"
        case .cannotStart(let state): "cannot start a function in a runtime in state \(state): it waits in no layer"
        case .busy(let state): "cannot queue an invocation for a runtime in state \(state): it has one already"
        }
    }
}
