package import GuestProtocol

/// The calls in which a runtime waits for the platform.
package enum BlockingCall: Sendable, Equatable { case restoreNext, invocationNext, seedNext }

/// What the runtime did, as far as the platform must know.
package enum RuntimeEvent: Sendable, Equatable {
    /// Init is complete: the runtime made the first call that blocks.
    case initialized(ReadyCall)
    /// How its extensions stand at the end of init, before that is told.
    case extensionsReported([ExtensionReport])
    /// The runtime is booted and waits in `/runtime/seed/next` to be told its function.
    case seedReady
    case initializationFailed(RuntimeFailure)
    /// The after-restore hooks have run: the runtime asked for its first invocation after ``RuntimeAPIServer/release(_:then:)``.
    case restored
    case restoreFailed(RuntimeFailure)
    case responded(requestID: String, payload: [UInt8])
    /// The response to an invocation that wants it in parts begins, with this `Content-Type`.
    case responseBegan(requestID: String, contentType: String)
    /// More of it has come. Whoever has no room for more says ``RuntimeAPIServer/pauseResponse()``.
    case responsePart(requestID: String, [UInt8])
    /// It is whole. One that fails half way ends with ``invocationFailed(requestID:_:)``.
    case responseEnded(requestID: String)
    case invocationFailed(requestID: String, RuntimeFailure)
    /// The runtime asked for its next invocation after it answered one.
    case idle
}

/// The platform asked for something that makes no sense in the runtime's state.
package enum RuntimeAPIError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The runtime blocks neither in `/runtime/restore/next` nor in `/runtime/invocation/next`.
    case cannotRelease(state: String)
    /// The runtime does not block in `/runtime/seed/next`.
    case cannotStart(state: String)
    /// Another invocation is queued or running.
    case busy(state: String)

    package var description: String {
        switch self {
        case .cannotRelease(let state): "cannot release a runtime in state \(state): it waits for no restore"
        case .cannotStart(let state): "cannot start a function in a runtime in state \(state): it waits for none"
        case .busy(let state): "cannot queue an invocation for a runtime in state \(state): it has one already"
        }
    }
}
