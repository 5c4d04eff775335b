import Authorization
import Foundation
import FunctionModel
import HTTPTypes
import Hummingbird
import NIOCore
import SigV4
import Worker

/// Lets through what a user of this server has signed and may do.
struct AuthorizationMiddleware: RouterMiddleware {
    typealias Context = LambdaRequestContext

    let authenticator: Authenticator
    let permissions: any PermissionKeeping
    let scope: AccountScope

    func handle(
        _ request: Request, context: LambdaRequestContext,
        next: @concurrent (Request, LambdaRequestContext) async throws -> Response
    ) async throws -> Response {
        // What has no route is refused behind this, in the form of whichever service it is for.
        guard let path = context.endpointPath, !Self.isOpen(path) else { return try await next(request, context) }
        guard path == "/" else {
            let (verified, context) = try await admit(request, path, context)
            return try await next(verified, context)
        }
        guard let target = request.headers[.amznTarget], target.hasPrefix(LogsRoute.service) else {
            return try await next(request, context)
        }
        let admitted: (Request, Context)
        do { admitted = try await admit(request, path, context) } catch let error as LambdaError {
            return Response(LogsError(type: error.code.name, message: error.message))
        }
        return try await next(admitted.0, admitted.1)
    }

    /// What proves itself otherwise, or may be seen by everybody.
    private static func isOpen(_ path: String) -> Bool {
        path == "/healthz" || path.hasPrefix("/_thaw/code/") || path.hasPrefix("/_thaw/layer/")
    }

    private func admit(_ request: Request, _ path: String, _ context: Context) async throws -> (Request, Context) {
        let claim: Authenticator.Claim
        do throws(AuthenticationError) { claim = try authenticator.claim(SignedRequest(request)) } catch {
            throw LambdaError(authentication: error, request)
        }
        var (request, context) = (request, context)
        let caller = Caller(user: claim.user, scope: scope)
        context.caller = caller
        let action = actionName(request, path)
        let form = request.headers[.amznContentHash].map { PayloadHash(text: $0) }
        let chunks = form.flatMap { claim.chunks($0) }
        if let chunks, let form {
            // The request says its form alone; the chunks are checked as they are read.
            try Self.verify(claim, request, form)
            request.body = RequestBody(asyncSequence: DecodedBody(body: request.body, chunks: chunks))
        }
        if let action, Self.arrivesInPieces(action) {
            // Nobody acts on such a body before its end, and there it is refused. Whose function it is about may be in it.
            if action == Caller.create {
                guard caller.mayOnSome(action) else { throw caller.refusal(of: action, on: nil) }
            } else {
                try await check(caller, action, on: function(request, context))
            }
            guard chunks == nil else { return (request, context) }
            request.body = RequestBody(
                asyncSequence: VerifiedBody(body: request.body) { [request] hash in
                    try Self.verify(claim, request, hash)
                })
            return (request, context)
        }
        let body = try await wholeBody(request, action)
        if chunks == nil {
            let hash =
                body.count > Self.smallBody
                ? try await BodyThreads.run { PayloadHash(of: body) } : body.isEmpty ? .empty : PayloadHash(of: body)
            try Self.verify(claim, request, hash)
        }
        try await check(caller, action, request, context, body)
        request.body = RequestBody(buffer: ByteBuffer(bytes: body))
        return (request, context)
    }

    private func actionName(_ request: Request, _ path: String) -> String? {
        let name = ActionName.of(request.method, path)
        // Two actions have one path.
        if path == "/2018-10-31/layers" {
            return request.queryItem("find") == "LayerVersion" ? "lambda:GetLayerVersion" : "lambda:ListLayers"
        }
        if name == "lambda:GetProvisionedConcurrencyConfig", request.queryItem("List") == "ALL" {
            return "lambda:ListProvisionedConcurrencyConfigs"
        }
        return name
    }

    /// What is hashed sooner than another thread could begin.
    private static let smallBody = 32_768

    private func wholeBody(_ request: Request, _ action: String?) async throws -> [UInt8] {
        guard action == "lambda:InvokeFunction" else {
            return try await request.wholeBody(limit: Limits.payload) { _ in
                .requestTooLarge(operation: action.map { String($0.dropFirst("lambda:".count)) } ?? "Request")
            }
        }
        return try await request.wholeBody(limit: Limits.payload) { size in
            let isEvent = request.headers[.invocationType] == InvokeRequest.InvocationType.event.rawValue
            return .payloadTooLarge(
                size: size, invocationType: request.headers[.invocationType] ?? "RequestResponse",
                limit: isEvent ? Limits.asynchronousPayload : Limits.payload)
        }
    }

    private func check(
        _ caller: Caller, _ action: String?, _ request: Request, _ context: Context, _ body: [UInt8]
    ) async throws(LambdaError) {
        if let target = request.headers[.amznTarget], target.hasPrefix(LogsRoute.service) {
            return try caller.check(
                "logs:\(target.dropFirst(LogsRoute.service.count))", on: LogsRoute.functionName(inBody: body))
        }
        // What is no action of AWS's is one of this server's own.
        guard let action else { return try caller.check("thaw:ListSandboxes", on: nil) }
        try await check(caller, action, on: function(request, context))
    }

    /// Either his own grants or the policy of the function let a user do something.
    private func check(
        _ caller: Caller, _ action: String, on function: FunctionReference?
    ) async throws(LambdaError) {
        guard !caller.user.may(action, on: function?.name) else { return }
        guard let function,
            try await permissions.allows(action, to: PolicyCaller(identity: caller.identity), on: function)
        else { throw caller.refusal(of: action, on: function?.name) }
    }

    /// Nil for what is about no function, or about one that the body names.
    private func function(_ request: Request, _ context: Context) -> FunctionReference? {
        guard
            let given = context.parameters["FunctionName"] ?? context.parameters["Resource"]
                ?? context.parameters["ARN"],
            var reference = try? FunctionReference(parsing: Request.decoded(given), in: scope)
        else { return nil }
        // What is wrong with a qualifier is told later.
        reference.qualifier = reference.qualifier ?? request.queryItem("Qualifier")
        return reference
    }

    /// Whether it goes to the disk as it arrives, see ``UploadReader``.
    private static func arrivesInPieces(_ action: String) -> Bool {
        switch action {
        case Caller.create, "lambda:UpdateFunctionCode", "lambda:PublishLayerVersion": true
        default: false
        }
    }

    /// Checks a signature over what came.
    static func verify(
        _ claim: Authenticator.Claim, _ request: Request, _ hash: PayloadHash
    ) throws(LambdaError) {
        var signed = SignedRequest(request)
        signed.payload = request.headers[.amznContentHash] == PayloadHash.unsigned.text ? .unsigned : hash
        do throws(AuthenticationError) { try claim.verify(signed, at: .now()) } catch {
            throw LambdaError(authentication: error, request)
        }
    }
}

/// A user who has signed what he asks.
final class Caller: Sendable {
    let user: User
    private let scope: AccountScope

    init(user: User, scope: AccountScope) {
        self.user = user
        self.scope = scope
    }

    /// The one action whose function the body names.
    static let create = "lambda:CreateFunction"

    var arn: String { scope.userARN(user.name) }
    var identity: PolicyCaller.Identity { PolicyCaller.Identity(arn: arn, accountID: scope.accountID) }

    /// - Parameter function: nil for what is about none or all.
    func check(_ action: String, on function: String?) throws(LambdaError) {
        guard user.may(action, on: function) else { throw refusal(of: action, on: function) }
    }

    func mayOnSome(_ action: String) -> Bool { user.mayOnSome(action) }

    func refusal(of action: String, on function: String?) -> LambdaError {
        .notAuthorized(
            user: arn, action: action, resource: function.map { scope.arn(name: $0).description } ?? "*")
    }
}

/// A body whose signature is checked when all of it has come.
private struct VerifiedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let body: RequestBody
    let verify: @Sendable (PayloadHash) throws -> Void

    struct AsyncIterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        var hasher = PayloadHasher()
        let verify: @Sendable (PayloadHash) throws -> Void

        @concurrent mutating func next() async throws -> ByteBuffer? {
            guard let buffer = try await base.next() else {
                try verify(hasher.finish())
                return nil
            }
            buffer.withUnsafeReadableBytes { hasher.update($0) }
            return buffer
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: body.makeAsyncIterator(), verify: verify)
    }
}

/// What is in the chunks of a body, each of which is checked.
private struct DecodedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let body: RequestBody
    let chunks: ChunkedPayload

    struct AsyncIterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        var chunks: ChunkedPayload

        @concurrent mutating func next() async throws -> ByteBuffer? {
            do {
                while let buffer = try await base.next() {
                    let part = try chunks.read(buffer.readableBytesView)
                    if !part.isEmpty { return ByteBuffer(bytes: part) }
                }
                try chunks.finish()
                return nil
            } catch let error as SignatureError {
                throw LambdaError(code: .invalidSignature, message: error.description)
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: body.makeAsyncIterator(), chunks: chunks)
    }
}

extension SignedRequest {
    /// As it came, without its body.
    init(_ request: Request) {
        let target = request.head.path ?? "/"
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        self.init(
            method: request.method.rawValue, path: String(target[..<(mark ?? target.endIndex)]),
            query: mark.map { String(target[target.index(after: $0)...]) } ?? "",
            headers: [("host", request.head.authority ?? "")]
                + request.headers.map { ($0.name.canonicalName, $0.value) })
    }
}

extension AccountScope {
    func userARN(_ name: String) -> String { "arn:\(partition):iam::\(accountID):user/\(name)" }
}
