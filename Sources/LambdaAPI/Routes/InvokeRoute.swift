import Foundation
import FunctionModel
import HTTPTypes
import Hummingbird
import NIOCore
import Telemetry
import Worker

struct InvokeRoute: RouteGroup {
    let invocations: any Invoking
    let addressing: Addressing
    let calls: CallTracer

    func add(to router: Router<Context>) {
        router.post("2015-03-31/functions/{FunctionName}/invocations", use: invoke)
        router.post(
            "2021-11-15/functions/{FunctionName}/response-streaming-invocations", use: invokeWithResponseStream)
        router.post("2014-11-13/functions/{FunctionName}/invoke-async", use: invokeAsync)
    }

    /// Invoke. A function that fails is a 200 with `X-Amz-Function-Error`; payloads pass byte for byte both ways.
    private func invoke(_ request: Request, _ context: Context) async throws -> Response {
        let reference = try addressing.reference(request, context)
        try checkRare(request, context, operation: "Invoke")
        let (type, logType) = try invocationAndLogType(request)
        let payload = try await payload(of: request, type: type)
        let traceID = calls.header() ?? request.headers[.amznTraceID] ?? TraceID.new()
        let answer = try await invocations.invoke(
            InvokeRequest(
                reference: reference, requestID: context.requestID, type: type, logType: logType,
                clientContext: try clientContext(request), payload: payload, traceID: traceID))
        switch type {
        case .dryRun: return Response(status: .noContent)
        case .event: return Response(status: .accepted, headers: [.amznTraceID: traceID])
        case .requestResponse: break
        }

        var headers: HTTPFields = [.contentType: "application/json"]
        headers[.executedVersion] = answer.executedVersion.qualifier
        headers[.amznTraceID] = traceID
        headers[.functionError] = answer.functionError
        if logType == .tail, let tail = answer.logTail {
            headers[.logResult] = Data(tail.suffix(Limits.logTail)).base64EncodedString()
        }
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.payload)))
    }

    private static let rare: [(HTTPField.Name, String)] = [
        (.tenantID, "TenantId"), (.durableExecutionName, "DurableExecutionName"),
    ]

    /// Refuses what only functions take that this server does not make. Of other requests, the route reads every member itself.
    func checkRare(_ request: Request, _ context: Context, operation: String) throws(LambdaError) {
        guard let (_, member) = Self.rare.first(where: { request.headers.contains($0.0) }) else { return }
        if let operation = ServiceModel.lambda.operation(operation) {
            try ModelReader(operation, request, context).check()
        }
        throw .unserved(member: member)
    }

    private static let types: [InvokeRequest.InvocationType] = [.event, .requestResponse, .dryRun]

    func invocationAndLogType(
        _ request: Request, types: [InvokeRequest.InvocationType] = types
    ) throws(LambdaError) -> (InvokeRequest.InvocationType, InvokeRequest.LogType) {
        var violations = ConstraintViolations()
        var type = InvokeRequest.InvocationType.requestResponse
        if let text = request.headers[.invocationType] {
            if let given = InvokeRequest.InvocationType(rawValue: text), types.contains(given) {
                type = given
            } else {
                violations.add(text, at: "invocationType", .oneOf(types.map(\.rawValue)))
            }
        }
        var logType = InvokeRequest.LogType.none
        if let text = request.headers[.logType] {
            if let given = InvokeRequest.LogType(rawValue: text) {
                logType = given
            } else {
                violations.add(text, at: "logType", .oneOf(["None", "Tail"]))
            }
        }
        try violations.throwIfAny()
        return (type, logType)
    }

    /// InvokeAsync, which AWS keeps for clients of its first days: an event, and 202.
    private func invokeAsync(_ request: Request, _ context: Context) async throws -> Response {
        let reference = try addressing.reference(request, context)
        let payload = try await payload(of: request, type: .event, limit: Limits.invokeAsyncPayload)
        _ = try await invocations.invoke(
            InvokeRequest(
                reference: reference, requestID: context.requestID, type: .event, logType: .none, clientContext: nil,
                payload: payload, traceID: calls.header() ?? request.headers[.amznTraceID] ?? TraceID.new()))
        return Response(status: .accepted)
    }

    private static func limit(_ type: InvokeRequest.InvocationType) -> Int {
        type == .event ? Limits.asynchronousPayload : Limits.payload
    }

    func payload(
        of request: Request, type: InvokeRequest.InvocationType, limit: Int? = nil
    ) async throws -> [UInt8] {
        let limit = limit ?? Self.limit(type)
        let payload = try await request.wholeBody(limit: limit) { size in
            .payloadTooLarge(size: size, invocationType: type.rawValue, limit: limit)
        }
        guard payload.count > Self.smallPayload else {
            try Self.check(payload)
            return payload
        }
        try await BodyThreads.run { try Self.check(payload) }
        return payload
    }

    /// What is checked sooner than another thread could begin.
    private static let smallPayload = 32_768

    private static func check(_ payload: [UInt8]) throws(LambdaError) {
        guard !payload.isEmpty else { return }
        do {
            try JSONCheck.check(payload)
        } catch {
            throw .payloadIsNotJSON(JSONDiagnosis.text(of: payload, fallback: error))
        }
    }

    func clientContext(_ request: Request) throws(LambdaError) -> String? {
        guard let text = request.headers[.clientContext], !text.isEmpty else { return nil }
        var violations = ConstraintViolations()
        if text.utf8.count > Limits.clientContext {
            violations.add(text, at: "clientContext", .lengthAtMost(Limits.clientContext))
        }
        try violations.throwIfAny()
        guard let decoded = Data(base64Encoded: text) else { throw .clientContextNotJSON }
        do {
            try JSONCheck.check([UInt8](decoded))
        } catch {
            throw .clientContextNotJSON
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}
