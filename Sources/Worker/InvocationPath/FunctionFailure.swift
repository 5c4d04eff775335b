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
        if failure.errorType == "Function.ResponseSizeTooLarge", failure.body.isEmpty { return .responseTooLarge }
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
        let text = "RequestId: \(requestID) Error: \(reason.wording)"
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
}
