import Authorization
import Foundation
import FunctionModel
import HTTPTypes
import Hummingbird
import NIOCore
import SigV4
import Telemetry
import Worker

/// Serves function URLs, before anything else looks at a request: under such a host name there is nothing but the function, and web
/// pages may call it.
struct FunctionURLMiddleware: RouterMiddleware {
    typealias Context = LambdaRequestContext

    let urls: any FunctionURLKeeping
    let invocations: any Invoking
    let hosts: AllowedHosts
    let scope: AccountScope
    let authenticator: Authenticator?
    let scheme: String
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
        if served.url.authType == .none { try authorizeAnybody(served) }
        let body = try await request.wholeBody(limit: Limits.payload) { size in
            .payloadTooLarge(size: size, invocationType: "RequestResponse", limit: Limits.payload)
        }
        let caller = served.url.authType == .iam ? try authorize(served, request, body) : nil
        let traceID = calls.header() ?? request.headers[.amznTraceID] ?? TraceID.new()
        var event = FunctionURLEvent(
            request, target: target, body: body, requestID: context.requestID, traceID: traceID,
            sourceAddress: context.remoteAddress, milliseconds: Int(Date().timeIntervalSince1970 * 1_000), port: port)
        event.headers["x-forwarded-proto"] = scheme
        if let caller {
            event.requestContext.accountId = scope.accountID
            event.requestContext.authorizer = caller
        }
        let payload = try await BodyThreads.run { [event] in try event.encoded() }
        guard payload.count <= Limits.payload else {
            throw LambdaError.payloadTooLarge(
                size: payload.count, invocationType: "RequestResponse", limit: Limits.payload)
        }
        var response = try await run(
            InvokeRequest(
                reference: served.reference, requestID: context.requestID, type: .requestResponse, logType: .none,
                clientContext: nil, payload: payload, traceID: traceID),
            inParts: served.url.invokeMode == .responseStream)
        response.headers[.amznTraceID] = traceID
        return response
    }

    private func run(_ request: InvokeRequest, inParts: Bool) async throws(LambdaError) -> Response {
        do {
            guard inParts else {
                return Self.response(try await invocations.invoke(request), FunctionURLAnswer.response)
            }
            switch try await invocations.stream(request) {
            case .whole(let answer): return Self.response(answer, FunctionURLAnswer.streamed)
            case .streaming(let invocation): return await FunctionURLStream.response(invocation)
            }
        } catch {
            // What the URL led to is gone.
            throw error.code == .resourceNotFound ? LambdaError.urlForbidden : error
        }
    }

    private static func response(
        _ answer: InvokeResponse, _ read: ([UInt8]) throws(FunctionURLAnswer.Malformed) -> Response
    ) -> Response {
        guard answer.functionError == nil else { return FunctionURLAnswer.failure }
        return (try? read(answer.payload)) ?? FunctionURLAnswer.failure
    }

    private func authorizeAnybody(_ served: ServedURL) throws(LambdaError) {
        let isAllowed = served.policy?.allows(
            "lambda:InvokeFunctionUrl", to: PolicyCaller(identity: nil, urlAuthType: FunctionURL.AuthType.none))
        guard isAllowed == true else { throw .urlForbidden }
    }

    /// A user who signed, and whom either his own grants or the policy let call. Where there are no users, any signature counts.
    private func authorize(
        _ served: ServedURL, _ request: Request, _ body: [UInt8]
    ) throws(LambdaError) -> FunctionURLEvent.Authorizer {
        guard let authenticator else {
            guard let authorization = request.headers[.authorization], ClientCheck.isSignature(authorization) else {
                throw .urlForbidden
            }
            return authorizer(accessKeyID: "", arn: "arn:\(scope.partition):iam::\(scope.accountID):root")
        }
        // AWS tells no more of why.
        guard let claim = try? authenticator.claim(SignedRequest(request)),
            (try? AuthorizationMiddleware.verify(claim, request, PayloadHash(of: body))) != nil
        else { throw .urlForbidden }
        let (action, arn) = ("lambda:InvokeFunctionUrl", scope.userARN(claim.user.name))
        let identity = PolicyCaller.Identity(arn: arn, accountID: scope.accountID)
        let isAllowed =
            claim.user.may(action, on: served.url.functionName)
            || served.policy?.allows(action, to: PolicyCaller(identity: identity, urlAuthType: .iam)) == true
        guard isAllowed else { throw .urlForbidden }
        return authorizer(accessKeyID: claim.user.accessKeyID, arn: arn)
    }

    private func authorizer(accessKeyID: String, arn: String) -> FunctionURLEvent.Authorizer {
        FunctionURLEvent.Authorizer(
            iam: .init(
                accessKey: accessKeyID, accountId: scope.accountID, callerId: accessKeyID, userArn: arn,
                userId: accessKeyID))
    }

    /// AWS says no more of a URL that nobody has.
    private static var unknown: Response {
        Response(
            status: .forbidden, headers: [.contentType: "application/json", .amznErrorType: "AccessDeniedException"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"Message":null}"#)))
    }
}
