internal import FunctionModel
import GuestProtocol
internal import Sandboxes

extension StateReason {
    /// What AWS's `StateReasonCode` and `StateReason` say of an init that failed.
    static func ofInit(_ error: SandboxError) -> StateReason {
        switch error.code {
        case .initializationFailed(let failure), .restoreFailed(let failure): .initError(failure.summary)
        case .timedOut(_, let limit):
            .initTimeout("Init and before-snapshot hooks did not end within \(limit.components.seconds) seconds.")
        case .runtimeExited(let reason, _): ofExit(reason)
        case .isolationUnavailable: .invalidConfiguration("\(error)")
        case .lost, .freezeRefused, .snapshotUnusable, .host, .destroyed: .internalError("\(error)")
        }
    }

    /// What they say of a snapshot that could not be taken after a good init.
    static func ofFreeze(_ error: SandboxError) -> StateReason {
        if error.code == .freezeRefused { return .snapshotRefused(error.message) }
        return .internalError("The snapshot could not be taken: \(error)")
    }

    private static func ofExit(_ reason: ExitReason) -> StateReason {
        switch reason {
        case .exited, .killed: .initError("\(reason.errorType): \(FunctionFailure.describe(reason)).")
        case .outOfMemory:
            .initResourceExhausted("Init used more memory than the function has. Raise MemorySize.")
        case .notStarted(let errno) where errno == 13:  // EACCES
            StateReason(
                code: "FunctionError.PermissionDenied", message: "The runtime's bootstrap is not executable.")
        case .notStarted(let errno):
            .invalidEntryPoint("The runtime's bootstrap could not be started: errno \(errno).")
        }
    }
}
