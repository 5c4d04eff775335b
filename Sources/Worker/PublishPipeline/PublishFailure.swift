internal import BaseImages
internal import ContainerImages
internal import FunctionModel
import GuestProtocol
internal import Sandboxes
internal import Snapshots

/// Why a version ends `Failed`: what AWS's `StateReasonCode` and `StateReason` say of each step's error.
struct PublishFailure: Error {
    let reason: StateReason
    /// The whole of it, for the log; nil where the reason says it.
    var cause: String?
    /// Whether the process was in a state that no process is frozen in.
    var isRefusalOfFreeze = false

    /// A failure of ours, or of what lies on the host.
    private static func ours(_ detail: String) -> Self { Self(reason: .internalError(detail), cause: detail) }

    /// The runtime has no image here.
    static func ofRuntime(_ error: LambdaError) -> Self {
        Self(reason: StateReason(code: "InvalidRuntime", message: error.message), cause: error.cause)
    }

    static func ofImage(_ error: ImageError) -> Self {
        switch error {
        case .invalidZip, .tooLarge, .pathEscape: Self(reason: .invalidZip("\(error)"))
        case .unknownRuntime, .invalidRecipe:
            Self(reason: StateReason(code: "InvalidRuntime", message: ClientText.of("\(error)")), cause: "\(error)")
        case .missing, .notBuilt, .toolMissing, .toolFailed, .noSpace, .invalidArchive, .foreignArchive, .damaged,
            .unusablePackages, .inputOutput, .cancelled:
            ours("\(error)")
        }
    }

    static func ofContainer(_ error: ContainerImageError) -> Self {
        let code: String
        switch error.code {
        case .notFound: code = "ImageDeleted"
        case .unauthorized: code = "ImageAccessDenied"
        case .badReference, .noMatchingArchitecture, .unsupported, .tooLarge, .damaged, .hostile: code = "InvalidImage"
        case .unreachable, .disk, .cancelled: return ours("\(error)")
        }
        return Self(reason: StateReason(code: code, message: error.message), cause: error.description)
    }

    /// The level or the network that the function asks for.
    static func ofPlacement(_ error: LambdaError) -> Self {
        let isSubnet = error.code == .invalidSubnetID
        return Self(
            reason: isSubnet ? .invalidSubnet(error.message) : .internalError(error.message), cause: error.cause)
    }

    static func ofInit(_ error: SandboxError) -> Self {
        switch error.code {
        case .initializationFailed(let failure) where failure.errorType.hasPrefix("Extension."):
            Self(reason: StateReason(code: "FunctionError.ExtensionInitError", message: failure.summary))
        case .initializationFailed(let failure), .restoreFailed(let failure): Self(reason: .initError(failure.summary))
        case .timedOut(_, let limit):
            Self(
                reason: .initTimeout(
                    "Init and before-snapshot hooks did not end within \(limit.components.seconds) seconds."))
        case .runtimeExited(let reason, _): ofExit(reason)
        case .isolationUnavailable: Self(reason: .invalidConfiguration("\(error)"))
        case .lost, .freezeRefused, .snapshotUnusable, .host, .destroyed: ours("\(error)")
        }
    }

    private static func ofExit(_ reason: ExitReason) -> Self {
        switch reason {
        case .exited, .killed: Self(reason: .initError("\(reason.errorType): \(reason.wording)."))
        case .outOfMemory:
            Self(reason: .initResourceExhausted("Init used more memory than the function has. Raise MemorySize."))
        case .notStarted(_, let errno) where errno == 13:  // EACCES
            Self(
                reason: StateReason(
                    code: "FunctionError.PermissionDenied",
                    message: "The runtime's bootstrap is not executable: \(reason.wording)."))
        case .notStarted:
            Self(reason: .invalidEntryPoint("The runtime's bootstrap could not be started: \(reason.wording)."))
        case .noWorkingDirectory:
            Self(
                reason: StateReason(
                    code: "FunctionError.InvalidWorkingDirectory",
                    message: "The working directory cannot be entered: \(reason.wording)."))
        }
    }

    /// The snapshot could not be taken after a good init.
    static func ofFreeze(_ error: SandboxError, at level: IsolationLevel) -> Self {
        if error.code == .freezeRefused {
            return Self(
                reason: .snapshotRefused(level == .process ? "\(error.message). \(remedy)" : error.message),
                isRefusalOfFreeze: true)
        }
        return ours("The snapshot could not be taken: \(error)")
    }

    private static let remedy =
        "A virtual machine is frozen whole: give the function the tag \(FunctionTags.isolationKey)=microvm"

    static func ofStaging(_ error: SnapshotError) -> Self { ours("\(error)") }

    static func ofCommit(_ error: SnapshotError) -> Self {
        ours("The snapshot could not be stored: \(error)")
    }

    static func ofInstall(_ error: LambdaError) -> Self {
        ours("The snapshot could not be recorded: \(error.cause ?? error.message)")
    }
}
