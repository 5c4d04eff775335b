internal import FunctionModel
import GuestProtocol
internal import Sandboxes
internal import Telemetry

/// A failure of the function rather than of the call: HTTP 200, `X-Amz-Function-Error: Unhandled`, and this payload.
/// Wording as recorded on AWS by LocalStack's test suite (`TestLambdaErrors`).
struct FunctionFailure: Error, Sendable, Equatable {
    var payload: [UInt8]
    /// What the REPORT line says of it.
    var logged: LogFailure
    /// What the log says of it besides; nil when the runtime has said it itself.
    var logText: String?

    /// The runtime reported it: its own words, unchanged.
    static func reported(_ failure: RuntimeFailure) -> FunctionFailure {
        if failure.errorType == "Function.ResponseSizeTooLarge" { return .responseTooLarge }
        let payload =
            failure.body.isEmpty
            ? JSONText.object(["errorType": failure.errorType, "errorMessage": ""]) : failure.body
        return FunctionFailure(payload: payload, logged: .error(type: failure.errorType), logText: nil)
    }

    static func timedOut(requestID: String, seconds: Int) -> FunctionFailure {
        let text = "RequestId: \(requestID) Error: Task timed out after \(seconds).00 seconds"
        return FunctionFailure(
            payload: JSONText.object(["errorType": "Sandbox.Timedout", "errorMessage": text]), logged: .timeout,
            logText: text)
    }

    static func exited(_ reason: ExitReason, requestID: String) -> FunctionFailure {
        let text = "RequestId: \(requestID) Error: \(describe(reason))"
        let type = reason.errorType
        return FunctionFailure(
            payload: JSONText.object(["errorType": type, "errorMessage": text]), logged: .error(type: type),
            logText: "\(text)\n\(type)")
    }

    static let responseTooLarge = FunctionFailure(
        payload: JSONText.object([
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size (\(Limits.payload) bytes).",
        ]), logged: .error(type: "Function.ResponseSizeTooLarge"), logText: nil)

    /// How AWS words the end of a runtime.
    static func describe(_ reason: ExitReason) -> String {
        switch reason {
        case .exited(0): "Runtime exited without providing a reason"
        case .exited(let status): "Runtime exited with error: exit status \(status)"
        case .killed(let signal): "Runtime exited with error: signal: \(signalName(signal))"
        case .outOfMemory: "Runtime exited with error: signal: killed"
        case .notStarted: "Runtime failed to start: the bootstrap of the runtime could not be run"
        }
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

extension ExitReason {
    var errorType: String {
        switch self {
        case .exited, .killed: "Runtime.ExitError"
        case .outOfMemory: "Runtime.OutOfMemory"
        case .notStarted: "Runtime.InvalidEntrypoint"
        }
    }
}
