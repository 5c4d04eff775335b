internal import GuestProtocol

// What the runtime calls, and what it is answered.

extension RuntimeAPIServer {
    func handle(_ request: HTTPRequest, on connection: Connection) {
        guard let method = request.route.method, exists(request.route) else {
            answer(connection, ResponseText.notFound)
            return
        }
        guard request.method == method else {
            answer(connection, ResponseText.methodNotAllowed)
            return
        }
        do throws(RuntimeState.Refusal) {
            switch request.route {
            case .invocationNext: try invocationNext(connection)
            case .invocationResponse(let requestID): try invocationResponse(requestID, request, connection)
            case .invocationError(let requestID): try invocationError(requestID, request, connection)
            case .restoreNext: try restoreNext(connection)
            case .seedNext: try seedNext(connection)
            case .initError: try initError(request, connection)
            case .restoreError: try restoreError(request, connection)
            case .credentials: serveCredentials(request, connection)
            case .extensionRegister: register(request, on: connection)
            case .extensionNext: nextEvent(request, on: connection)
            case .extensionInitError: extensionInitError(request, on: connection)
            case .extensionExitError: extensionExitError(request, on: connection)
            case .telemetrySubscription: answer(connection, ExtensionText.notSupported("Telemetry"))
            case .logsSubscription: answer(connection, ExtensionText.notSupported("Logs"))
            case .ping: answer(connection, ResponseText.pong)
            case .unknown: answer(connection, ResponseText.notFound)
            }
        } catch {
            switch error {
            case .invalidRequestID: answer(connection, ResponseText.invalidRequestID)
            case .invalidTransition(let from, let to):
                answer(connection, ResponseText.invalidTransition(from: from, to: to))
            }
        }
    }

    private func exists(_ route: Route) -> Bool {
        switch route {
        case .restoreNext, .restoreError, .credentials: isSnapStart
        case .seedNext: servesSeed
        default: true
        }
    }

    private func invocationNext(_ connection: Connection) throws(RuntimeState.Refusal) {
        let before = state
        state = try before.askedForInvocation()
        if case .running = before, let invocation {
            answer(connection, invocation.answer)
            return
        }
        block(connection)
        if case .truncated = before { failTruncated() }
        handOver()
        switch before {
        case .started: announce(.initialized(.invocationNext))
        case .restoring: onEvent(.restored)
        case .responseSent, .truncated: announce(.idle)
        default: break
        }
    }

    private func restoreNext(_ connection: Connection) throws(RuntimeState.Refusal) {
        state = try state.askedForRestore()
        block(connection)
        announce(.initialized(.restoreNext))
    }

    private func seedNext(_ connection: Connection) throws(RuntimeState.Refusal) {
        state = try state.askedAsSeed()
        block(connection)
        onEvent(.seedReady)
    }

    /// The newest call blocks; one that blocked before it has been given up by its client.
    private func block(_ connection: Connection) {
        if let superseded = blocked { close(superseded) }
        blocked = connection
    }

    private func invocationResponse(
        _ requestID: [UInt8], _ request: HTTPRequest, _ connection: Connection
    ) throws(RuntimeState.Refusal) {
        if case .parts = request.body { return endParts(request, on: connection) }
        let next = try state.answered(requestID, withError: false)
        guard let invocation else { throw .invalidRequestID }
        state = next
        self.invocation = nil
        guard request.responseMode != .invalid else {
            answer(connection, ResponseText.invalidResponseMode)
            onEvent(
                .invocationFailed(
                    requestID: invocation.requestID,
                    RuntimeFailure(errorType: "Runtime.InvalidResponseModeHeader", body: [])))
            return
        }
        guard case .bytes(let payload) = request.body else {
            refuseOversized(invocation.requestID, connection)
            return
        }
        answer(connection, ResponseText.accepted)
        guard request.failedInTrailers else {
            onEvent(.responded(requestID: invocation.requestID, payload: payload))
            return
        }
        onEvent(.invocationFailed(requestID: invocation.requestID, trailingFailure(of: request)))
    }

    private func invocationError(
        _ requestID: [UInt8], _ request: HTTPRequest, _ connection: Connection
    ) throws(RuntimeState.Refusal) {
        let next = try state.answered(requestID, withError: true)
        guard let invocation else { throw .invalidRequestID }
        state = next
        self.invocation = nil
        guard case .bytes(let body) = request.body else {
            refuseOversized(invocation.requestID, connection)
            return
        }
        answer(connection, ResponseText.accepted)
        onEvent(
            .invocationFailed(
                requestID: invocation.requestID,
                RuntimeFailure(errorType: ErrorType.validated(request.errorType), body: body)))
    }

    /// As on AWS the invocation has then failed, and the runtime is told why.
    private func refuseOversized(_ requestID: String, _ connection: Connection) {
        answer(connection, ResponseText.tooLarge)
        var body: [UInt8] = []
        body.append(ResponseText.oversizedResponse)
        onEvent(
            .invocationFailed(
                requestID: requestID, RuntimeFailure(errorType: "Function.ResponseSizeTooLarge", body: body)))
    }

    private func initError(_ request: HTTPRequest, _ connection: Connection) throws(RuntimeState.Refusal) {
        state = try state.failedInit()
        answer(connection, ResponseText.accepted)
        let failure = failure(in: request)
        onEvent(state == .initError ? .initializationFailed(failure) : .restoreFailed(failure))
    }

    private func restoreError(_ request: HTTPRequest, _ connection: Connection) throws(RuntimeState.Refusal) {
        state = try state.failedRestore()
        answer(connection, ResponseText.accepted)
        onEvent(.restoreFailed(failure(in: request)))
    }

    private func failure(in request: HTTPRequest) -> RuntimeFailure {
        let body: [UInt8] = if case .bytes(let bytes) = request.body { bytes } else { [] }
        return RuntimeFailure(errorType: ErrorType.validated(request.errorType), body: body)
    }

    private func serveCredentials(_ request: HTTPRequest, _ connection: Connection) {
        guard let credentials, equalInConstantTime(request.authorization, credentials.authorizationToken) else {
            answer(connection, ResponseText.unknownToken)
            return
        }
        answer(connection, ResponseText.credentials(credentials))
    }
}
