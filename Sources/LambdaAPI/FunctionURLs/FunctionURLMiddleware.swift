import Foundation
import FunctionModel
import HTTPTypes
import Hummingbird
import NIOCore
import Telemetry
import Worker

/// Serves function URLs, before anything else looks at a request: under such a host name there is nothing but the function, and web
/// pages may call it.
struct FunctionURLMiddleware: RouterMiddleware {
    typealias Context = LambdaRequestContext

    let urls: any FunctionURLKeeping
    let invocations: any Invoking
    let hosts: AllowedHosts
    let port: Int
    let calls: CallTracer

    func handle(
        _ request: Request, context: LambdaRequestContext,
        next: @concurrent (Request, LambdaRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let target = FunctionURLAddresses.target(of: request) else { return try await next(request, context) }
        guard hosts.contains(request.head.authority) else {
            throw LambdaError.foreignHost(request.head.authority ?? "")
        }
        var response = try await answer(request, target, context)
        if target.isByPath { response.headers[.contentSecurityPolicy] = Self.sandbox }
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// By path, a page that a function answers with has this server's own origin. In a sandbox it has none, so that its scripts are
    /// strangers to the API.
    private static let sandbox = "sandbox allow-scripts allow-forms allow-popups allow-downloads"

    private func answer(
        _ request: Request, _ target: FunctionURLTarget, _ context: Context
    ) async throws -> Response {
        guard FunctionURL.isID(target.id), let served = try await urls.servedURL(id: target.id) else {
            return Self.unknown
        }
        let cors = served.url.cors.map(CORSPolicy.init)
        if let preflight = cors?.preflight(request) { return preflight }
        var response: Response
        do {
            response = try await invoke(served, request, target, context)
        } catch let error as LambdaError {
            response = Response(error)
        }
        cors?.apply(to: &response.headers, for: request)
        return response
    }

    private func invoke(
        _ served: ServedURL, _ request: Request, _ target: FunctionURLTarget, _ context: Context
    ) async throws -> Response {
        try authorize(served, request)
        let body = try await request.wholeBody(limit: Limits.payload) { size in
            .payloadTooLarge(size: size, invocationType: "RequestResponse", limit: Limits.payload)
        }
        let traceID = calls.header() ?? request.headers[.amznTraceID] ?? TraceID.new()
        let event = FunctionURLEvent(
            request, target: target, body: body, requestID: context.requestID, traceID: traceID,
            sourceAddress: context.remoteAddress, milliseconds: Int(Date().timeIntervalSince1970 * 1_000), port: port)
        let payload = try await BodyThreads.run { try event.encoded() }
        guard payload.count <= Limits.payload else {
            throw LambdaError.payloadTooLarge(
                size: payload.count, invocationType: "RequestResponse", limit: Limits.payload)
        }
        let answer = try await run(served, payload, traceID, context)
        let isStreamed = served.url.invokeMode == .responseStream
        let read = isStreamed ? FunctionURLAnswer.streamed : FunctionURLAnswer.response
        var response =
            answer.functionError == nil
            ? (try? read(answer.payload)) ?? FunctionURLAnswer.failure : FunctionURLAnswer.failure
        response.headers[.amznTraceID] = traceID
        return response
    }

    private func run(
        _ served: ServedURL, _ payload: [UInt8], _ traceID: String, _ context: Context
    ) async throws -> InvokeResponse {
        do {
            return try await invocations.invoke(
                InvokeRequest(
                    reference: served.reference, requestID: context.requestID, type: .requestResponse, logType: .none,
                    clientContext: nil, payload: payload, traceID: traceID))
        } catch {
            // What the URL led to is gone.
            throw error.code == .resourceNotFound ? LambdaError.urlForbidden : error
        }
    }

    private func authorize(_ served: ServedURL, _ request: Request) throws(LambdaError) {
        switch served.url.authType {
        case .none:
            let isAllowed = served.policy?.allows(
                "lambda:InvokeFunctionUrl", to: PolicyCaller(identity: nil, urlAuthType: FunctionURL.AuthType.none))
            guard isAllowed == true else { throw .urlForbidden }
        case .iam:
            guard let authorization = request.headers[.authorization], ClientCheck.isSignature(authorization) else {
                throw .urlForbidden
            }
        }
    }

    /// AWS says no more of a URL that nobody has.
    private static var unknown: Response {
        Response(
            status: .forbidden, headers: [.contentType: "application/json", .amznErrorType: "AccessDeniedException"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"Message":null}"#)))
    }
}
