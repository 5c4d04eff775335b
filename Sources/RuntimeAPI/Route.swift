/// The routes of the Runtime API, and of the interfaces beside it.
///
/// AWS's are `/2018-06-01/...`, `/2021-04-23/credentials` and those of extensions, `/2020-01-01/extension/...`; see
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
package enum Route: Sendable, Equatable {
    case ping
    case invocationNext
    case invocationResponse(requestID: [UInt8])
    case invocationError(requestID: [UInt8])
    case initError
    case restoreNext
    case restoreError
    /// Ours: a runtime that is booted ahead waits here for the function it is to become.
    case seedNext
    case credentials
    case extensionRegister
    case extensionNext
    case extensionInitError
    case extensionExitError
    case telemetrySubscription
    case logsSubscription
    case unknown

    /// The only method a route answers; nil for an unknown route.
    var method: HTTPRequest.Method? {
        switch self {
        case .ping, .invocationNext, .restoreNext, .seedNext, .credentials, .extensionNext: .get
        case .invocationResponse, .invocationError, .initError, .restoreError, .extensionRegister,
            .extensionInitError, .extensionExitError:
            .post
        case .telemetrySubscription, .logsSubscription: .put
        case .unknown: nil
        }
    }

    /// Finds the route of a request target in origin form. A query is ignored, as AWS's router does.
    init(target: Bytes) {
        var path = target
        if let query = path.firstIndex(of: UInt8(ascii: "?")) { path = path.prefix(query) }
        guard path.drop("/2018-06-01/") else {
            self = Self.other(path)
            return
        }
        guard path.drop("runtime/") else {
            self = path.equals("ping") ? .ping : .unknown
            return
        }
        if path.drop("invocation/") {
            self = Self.invocation(path)
        } else if path.equals("restore/next") {
            self = .restoreNext
        } else if path.equals("restore/error") {
            self = .restoreError
        } else if path.equals("seed/next") {
            self = .seedNext
        } else if path.equals("init/error") {
            self = .initError
        } else {
            self = .unknown
        }
    }

    /// Those of other interfaces than the runtime's own.
    private static func other(_ whole: Bytes) -> Route {
        var path = whole
        guard path.drop("/2020-01-01/extension/") else {
            if path.equals("/2021-04-23/credentials") { return .credentials }
            if path.equals("/2022-07-01/telemetry") { return .telemetrySubscription }
            return path.equals("/2020-08-15/logs") ? .logsSubscription : .unknown
        }
        if path.equals("event/next") { return .extensionNext }
        if path.equals("register") { return .extensionRegister }
        if path.equals("init/error") { return .extensionInitError }
        return path.equals("exit/error") ? .extensionExitError : .unknown
    }

    /// `next`, `{id}/response` or `{id}/error`.
    private static func invocation(_ path: Bytes) -> Route {
        if path.equals("next") { return .invocationNext }
        guard let slash = path.firstIndex(of: UInt8(ascii: "/")), slash > 0 else { return .unknown }
        let requestID = path.prefix(slash)
        let verb = path.dropFirst(slash + 1)
        if verb.equals("response") { return .invocationResponse(requestID: requestID.copy()) }
        if verb.equals("error") { return .invocationError(requestID: requestID.copy()) }
        return .unknown
    }
}
