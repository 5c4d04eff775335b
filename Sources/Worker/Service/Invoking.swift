package import FunctionModel

package protocol Invoking: Sendable {
    func invoke(_ request: InvokeRequest) async throws(LambdaError) -> InvokeResponse

    /// The same for a client that wants the response as the function writes it: returns when it begins, or when all is over before.
    func stream(_ request: InvokeRequest) async throws(LambdaError) -> StreamedAnswer
}

package struct InvokeRequest: Sendable {
    package enum InvocationType: String, Sendable, CaseIterable {
        case requestResponse = "RequestResponse"
        case event = "Event"
        case dryRun = "DryRun"
    }
    package enum LogType: String, Sendable, CaseIterable {
        case none = "None"
        case tail = "Tail"
    }
    package var reference: FunctionReference
    /// The `x-amzn-RequestId` of the HTTP exchange; the runtime and the log lines carry the same.
    package var requestID: String
    package var type: InvocationType
    package var logType: LogType
    /// Decoded JSON.
    package var clientContext: String?
    /// JSON, checked by the API; empty means `{}`.
    package var payload: [UInt8]
    /// The X-Ray trace header, the caller's or a new one: `Root=…;Parent=…;Sampled=…`.
    package var traceID: String?

    package init(
        reference: FunctionReference, requestID: String, type: InvocationType, logType: LogType, clientContext: String?,
        payload: [UInt8], traceID: String? = nil
    ) {
        self.reference = reference
        self.requestID = requestID
        self.type = type
        self.logType = logType
        self.clientContext = clientContext
        self.payload = payload
        self.traceID = traceID
    }
}

package struct InvokeResponse: Sendable {
    package var executedVersion: FunctionVersion
    /// `X-Amz-Function-Error`: `Unhandled` when the function failed.
    package var functionError: String?
    /// The last 4 KB of the log, when LogType was Tail; base64 is the API's business.
    package var logTail: [UInt8]?
    package var payload: [UInt8]

    package init(executedVersion: FunctionVersion, functionError: String?, logTail: [UInt8]?, payload: [UInt8]) {
        self.executedVersion = executedVersion
        self.functionError = functionError
        self.logTail = logTail
        self.payload = payload
    }
}
