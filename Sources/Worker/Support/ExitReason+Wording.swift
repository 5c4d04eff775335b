import GuestProtocol
internal import SystemPackage

extension ExitReason {
    var errorType: String {
        switch self {
        case .exited, .killed: "Runtime.ExitError"
        case .outOfMemory: "Runtime.OutOfMemory"
        case .notStarted: "Runtime.InvalidEntrypoint"
        case .noWorkingDirectory: "Runtime.InvalidWorkingDir"
        }
    }

    /// How AWS words the end of a runtime.
    var wording: String {
        switch self {
        case .exited(0): "Runtime exited without providing a reason"
        case .exited(let status): "Runtime exited with error: exit status \(status)"
        case .killed(let signal): "Runtime exited with error: signal: \(Self.signalName(signal))"
        case .outOfMemory: "Runtime exited with error: signal: killed"
        case .notStarted("", _):
            "Couldn't find valid bootstrap(s): [\(Initialization.bootstraps.joined(separator: " "))]"
        case .notStarted(let program, let errno): "fork/exec \(program): \(Self.errorText(errno))"
        case .noWorkingDirectory(let path, let errno): "chdir \(path): \(Self.errorText(errno))"
        }
    }

    /// As Go's `syscall.Errno` prints them, which is what AWS shows.
    private static func errorText(_ errno: Int32) -> String {
        let text = "\(Errno(rawValue: errno))"
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// As Go's `syscall.Signal` prints them, which is what AWS shows.
    private static func signalName(_ signal: Int32) -> String {
        switch signal {
        case 4: "illegal instruction"
        case 6: "aborted"
        case 7: "bus error"
        case 8: "floating point exception"
        case 9: "killed"
        case 11: "segmentation fault"
        case 15: "terminated"
        default: "signal \(signal)"
        }
    }
}
