internal import FunctionModel
import GuestProtocol
internal import Sandboxes

/// What AWS answers to what came of an invocation: the function's response, its failure, or the service's own.
struct InvocationAnswer {
    private enum Content {
        case response([UInt8])
        /// HTTP 200 with `X-Amz-Function-Error`.
        case functionFailed(FunctionFailure)
        case serviceFailed(SandboxError)
    }

    private let content: Content
    /// What an invocation that ran out of time is said to have taken.
    private let timeout: Duration

    init(_ result: Result<InvocationResult, SandboxError>, _ request: InvokeRequest, _ function: FunctionConfiguration)
    {
        timeout = .seconds(function.timeout)
        content =
            switch result {
            case .success(.response(let payload)) where payload.count > Limits.payload:
                .functionFailed(.responseTooLarge)
            case .success(.response(let payload)): .response(payload)
            // The client has it.
            case .success(.streamed): .response([])
            case .success(.error(let failure)): .functionFailed(.reported(failure))
            case .failure(let error): Self.content(error, request, function)
            }
    }

    private static func content(
        _ error: SandboxError, _ request: InvokeRequest, _ function: FunctionConfiguration
    ) -> Content {
        switch error.code {
        case .timedOut: .functionFailed(.timedOut(requestID: request.requestID, seconds: function.timeout))
        case .runtimeExited(let reason, _): .functionFailed(.exited(reason, requestID: request.requestID))
        case .initializationFailed(let failure), .restoreFailed(let failure): .functionFailed(.reported(failure))
        case .lost, .freezeRefused, .snapshotUnusable, .host, .isolationUnavailable, .destroyed: .serviceFailed(error)
        }
    }

    /// As whoever counts has it.
    var outcome: InvocationRecord.Outcome {
        switch content {
        case .response: .success
        case .functionFailed(let failure): failure.logged == .timeout ? .timeout : .functionError
        case .serviceFailed: .failed
        }
    }

    /// What the function's log says of it beside the report; nil when the runtime has said it itself.
    var logText: String? {
        if case .functionFailed(let failure) = content { failure.logText } else { nil }
    }

    /// The report of the invocation that came to this.
    func completing(_ report: InvocationReport) -> InvocationReport {
        var report = report
        switch content {
        case .response: break
        case .functionFailed(let failure):
            report.failure = failure.logged
            if failure.logged == .timeout { report.duration = timeout }
        case .serviceFailed(let error): report.failure = error.logged
        }
        return report
    }

    func response(_ function: FunctionConfiguration, _ tail: LogTail?) throws(LambdaError) -> InvokeResponse {
        let (payload, functionError): ([UInt8], String?)
        switch content {
        case .response(let response): (payload, functionError) = (response, nil)
        case .functionFailed(let failure): (payload, functionError) = (failure.payload, "Unhandled")
        case .serviceFailed(let error): throw .service("\(error)")
        }
        return InvokeResponse(
            executedVersion: function.version, functionError: functionError, logTail: tail?.bytes, payload: payload)
    }

    /// Init failed: AWS answers the invocation that needed it with the function's error.
    func afterInit(
        _ error: SandboxError, _ log: LogStream, _ request: InvokeRequest, _ function: FunctionConfiguration
    ) throws(LambdaError) -> InvokeResponse {
        let tail = request.logType == .tail ? log.beginTail() : nil
        log.write(.start(requestID: request.requestID, function.version))
        var report = completing(
            InvocationReport(
                requestID: request.requestID, duration: .zero, memorySizeMegabytes: function.memorySize,
                maximumMemoryBytes: 0))
        report.failure = error.logged
        let text = if case .serviceFailed = content { "\(error)" } else { logText ?? "" }
        log.end(report, text: text)
        log.close()
        return try response(function, tail)
    }
}

extension InvocationRecord {
    init(of function: FunctionConfiguration) {
        self.init(
            functionName: function.functionName, version: function.version, outcome: .failed, start: nil,
            preparation: .zero, duration: .zero)
    }
}

extension InvocationRecord.Outcome {
    /// What a call that got no answer of a function came to.
    init(_ error: LambdaError) {
        self =
            switch error.code.httpStatus {
            case 429: .throttled
            case 500...: .failed
            default: .refused
            }
    }
}
