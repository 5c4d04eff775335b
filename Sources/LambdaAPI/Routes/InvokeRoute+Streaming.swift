import FunctionModel
import HTTPTypes
import Hummingbird
import Telemetry
import Worker

extension InvokeRoute {
    /// InvokeWithResponseStream: as Invoke, but the answer begins when the function's response does.
    func invokeWithResponseStream(_ request: Request, _ context: Context) async throws -> Response {
        let reference = try addressing.reference(request, context)
        try checkRare(request, context, operation: "InvokeWithResponseStream")
        let (type, logType) = try invocationAndLogType(request, types: [.requestResponse, .dryRun])
        let payload = try await payload(of: request, type: type)
        let traceID = calls.header() ?? request.headers[.amznTraceID] ?? TraceID.new()
        let invocation = InvokeRequest(
            reference: reference, requestID: context.requestID, type: type, logType: logType,
            clientContext: try clientContext(request), payload: payload, traceID: traceID)
        guard type == .requestResponse else {
            _ = try await invocations.invoke(invocation)
            return Response(status: .noContent)
        }
        let answer = try await invocations.stream(invocation)
        let version =
            switch answer {
            case .whole(let response): response.executedVersion
            case .streaming(let invocation): invocation.executedVersion
            }
        var headers: HTTPFields = [.contentType: EventStreamMessage.contentType]
        headers[.executedVersion] = version.qualifier
        headers[.amznTraceID] = traceID
        return Response(status: .ok, headers: headers, body: InvocationEvents.body(answer))
    }
}
