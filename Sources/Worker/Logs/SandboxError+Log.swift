import GuestProtocol
internal import Sandboxes

extension SandboxError {
    /// Whether the runtime reported it.
    var isOfRuntime: Bool {
        switch code {
        case .initializationFailed, .restoreFailed: true
        case .timedOut, .runtimeExited, .lost, .freezeRefused, .snapshotUnusable, .host, .isolationUnavailable,
            .destroyed:
            false
        }
    }

    /// What a report line says of it.
    var logged: LogFailure {
        switch code {
        case .initializationFailed(let failure), .restoreFailed(let failure): .error(type: failure.errorType)
        case .timedOut: .timeout
        case .runtimeExited(let reason, _): .error(type: reason.errorType)
        case .lost, .freezeRefused, .snapshotUnusable, .host, .isolationUnavailable, .destroyed:
            .error(type: "Sandbox.Failure")
        }
    }
}
