import HTTPTypes

extension HTTPField.Name {
    static let amznContentHash = known("X-Amz-Content-Sha256")
    static let amznErrorType = known("x-amzn-ErrorType")
    static let amznRequestID = known("x-amzn-RequestId")
    static let amznTarget = known("X-Amz-Target")
    package static let amznTraceID = known("X-Amzn-Trace-Id")
    package static let clientContext = known("X-Amz-Client-Context")
    static let durableExecutionName = known("X-Amz-Durable-Execution-Name")
    static let executedVersion = known("X-Amz-Executed-Version")
    static let functionError = known("X-Amz-Function-Error")
    package static let invocationType = known("X-Amz-Invocation-Type")
    static let logResult = known("X-Amz-Log-Result")
    package static let logType = known("X-Amz-Log-Type")
    static let tenantID = known("X-Amz-Tenant-Id")

    static let smithyProtocol = known("Smithy-Protocol")

    private static func known(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is not a header name") }
        return name
    }
}
