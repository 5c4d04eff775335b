internal import Glibc
internal import LinuxKit
package import SystemPackage

/// The Runtime API over TCP, for one runtime.
///
/// Single-threaded and without a loop of its own: it registers its sockets with its owner's ``EventQueue`` under tokens that
/// have ``tokenMark`` set, and the owner passes such events to ``process(_:)``. Nothing here blocks. What the runtime does
/// comes out through `onEvent`, always after the runtime itself has been answered, because its latency counts most.
package final class RuntimeAPIServer {
    /// Set in every token the server registers; the owner must not use it in its own.
    package static let tokenMark: UInt64 = 1 << 63

    private static let listenerToken = tokenMark | 0xFFFF
    private static let maximumConnections = 32

    package private(set) var state = RuntimeState.started
    /// The port it listens on.
    package let port: UInt16
    /// Called within ``process(_:)``, ``release()`` and ``invoke(_:)``.
    package var onEvent: (RuntimeEvent) -> Void = { _ in }

    private let isSnapStart: Bool
    private let queue: EventQueue
    private let listener: OwnedDescriptor
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
    private var connections: [Connection?] = []
    private var accepted: UInt64 = 0
    /// The connection whose request blocks in `/runtime/restore/next` or `/runtime/invocation/next`.
    private var blocked: Connection?
    /// Queued until the runtime asks, then kept until it answers.
    private var invocation: QueuedInvocation?
    private var credentials: RuntimeCredentials?

    private struct QueuedInvocation {
        let requestID: String
        let requestIDBytes: [UInt8]
        /// The whole answer to `/runtime/invocation/next`.
        let answer: [UInt8]
    }

    /// Listens on the loopback address.
    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - isSnapStart: whether `/runtime/restore/*` and the credentials endpoint exist.
    package init(port: UInt16, isSnapStart: Bool, queue: EventQueue) throws(Errno) {
        self.isSnapStart = isSnapStart
        self.queue = queue
        listener = try LoopbackSocket.listen(port: port)
        self.port = try LoopbackSocket.port(of: listener)
        let raw = listener.withRaw { $0 }
        // Connections inherit this from the listener.
        try setTCPOption(raw, TCP_NODELAY, 1)
        // A connection is accepted when its request is there: one wake-up instead of two.
        try setTCPOption(raw, TCP_DEFER_ACCEPT, 5)
        try queue.add(listener, .readable, token: Self.listenerToken)
    }

    deinit { scratch.deallocate() }

    // MARK: - The platform's side

    /// Replaces what the credentials endpoint serves.
    package func setCredentials(_ credentials: RuntimeCredentials) { self.credentials = credentials }

    /// Lets a restored runtime go on. When it waits in `/runtime/invocation/next` it has no interest in restores, and
    /// ``RuntimeEvent/restored`` is reported at once.
    /// - Parameter then: called when the runtime has its answer, before any event.
    package func release(then: () -> Void = {}) throws(RuntimeAPIError) {
        guard let next = state.released() else { throw .cannotRelease(state: "\(state.name)") }
        let wasBlockedInRestore = state == .restoreReady
        state = next
        guard wasBlockedInRestore, let connection = blocked else {
            then()
            if !wasBlockedInRestore { onEvent(.restored) }
            return
        }
        blocked = nil
        answer(connection, ResponseText.restored)
        then()
        serve(connection)
    }

    /// Hands one event to the runtime, now or as soon as it asks.
    package func invoke(_ invocation: RuntimeInvocation) throws(RuntimeAPIError) {
        if case .running = state { throw .busy(state: "\(state.name)") }
        guard self.invocation == nil else { throw .busy(state: "\(state.name)") }
        self.invocation = QueuedInvocation(
            requestID: invocation.requestID, requestIDBytes: Array(invocation.requestID.utf8),
            answer: ResponseText.invocation(invocation))
        if let connection = blocked {
            handOver()
            serve(connection)
        }
    }

    /// Gives the queued event to the runtime if it waits for one.
    private func handOver() {
        guard let invocation, let connection = blocked, let next = state.handedOver(invocation.requestIDBytes) else {
            return
        }
        state = next
        blocked = nil
        answer(connection, invocation.answer)
    }

    // MARK: - Events

    /// Handles one event whose token has ``tokenMark`` set.
    package func process(_ event: EventQueue.Event) {
        guard event.token != Self.listenerToken else {
            accept()
            return
        }
        // An event of a connection that an earlier event of the same batch has closed is stale.
        let slot = Int(event.token & 0xFFFF)
        guard slot < connections.count, let connection = connections[slot], connection.token == event.token else {
            return
        }
        if connection.hasUnsent {
            guard event.isWritable else {
                if event.isBroken { close(connection) }
                return
            }
            guard connection.flush() else {
                close(connection)
                return
            }
            guard !connection.hasUnsent else { return }
            guard connection.keepAlive else {
                close(connection)
                return
            }
            watch(connection)
            serve(connection)
            return
        }
        read(connection)
    }

    private func accept() {
        // Neither nonblocking nor close-on-exec: every call says MSG_DONTWAIT, and a child gets only what its plan names.
        let raw = listener.withRaw { Glibc.accept($0, nil, nil) }
        guard raw >= 0 else { return }
        let descriptor = OwnedDescriptor(adopting: raw)
        let slot = connections.firstIndex { $0 == nil } ?? connections.count
        guard slot < Self.maximumConnections else { return }
        accepted &+= 1
        let token = Self.tokenMark | (accepted & 0x7FFF_FFFF) << 16 | UInt64(slot)
        let connection = Connection(descriptor: descriptor, token: token)
        guard (try? queue.add(connection.descriptor, .readable, token: token)) != nil else { return }
        if slot == connections.count { connections.append(connection) } else { connections[slot] = connection }
        // The listener defers acceptance until data is there: reading now saves a turn of the loop.
        read(connection)
    }

    private func read(_ connection: Connection) {
        switch connection.receive(scratch) {
        case .bytes:
            // While a call blocks, a well-behaved client sends nothing more.
            guard connection !== blocked else {
                if connection.parser.buffered > 1 << 20 { close(connection) }
                return
            }
            serve(connection)
        case .nothing: return
        case .end: close(connection)
        }
    }

    /// Answers every whole request that has arrived, until one blocks.
    private func serve(_ connection: Connection) {
        while !connection.hasUnsent, connection !== blocked, connections[slot(of: connection)] === connection {
            do throws(HTTPError) {
                guard let request = try connection.parser.next() else {
                    if connection.parser.awaitsContinue {
                        connection.parser.continued()
                        if !connection.send(ResponseText.continueFirst) { close(connection) }
                    }
                    return
                }
                if !request.keepAlive { connection.closeAfterSending() }
                handle(request, on: connection)
            } catch {
                connection.closeAfterSending()
                answer(connection, ResponseText.refusal(error.status))
                return
            }
        }
    }

    private func answer(_ connection: Connection, _ bytes: [UInt8]) {
        finish(connection, sent: connection.send(bytes))
    }

    private func answer(_ connection: Connection, _ literal: StaticString) {
        finish(connection, sent: connection.send(literal))
    }

    private func finish(_ connection: Connection, sent: Bool) {
        if !sent || (!connection.hasUnsent && !connection.keepAlive) {
            close(connection)
        } else if connection.hasUnsent {
            watch(connection)
        }
    }

    private func watch(_ connection: Connection) {
        let interest: EventQueue.Interest = connection.hasUnsent ? .writable : .readable
        if (try? queue.modify(connection.descriptor, interest, token: connection.token)) == nil { close(connection) }
    }

    /// Closing the descriptor takes it out of the epoll set.
    private func close(_ connection: Connection) {
        if blocked === connection { blocked = nil }
        let slot = slot(of: connection)
        if connections[slot] === connection { connections[slot] = nil }
    }

    private func slot(of connection: Connection) -> Int { Int(connection.token & 0xFFFF) }
}

private func setTCPOption(_ socket: CInt, _ option: CInt, _ value: CInt) throws(Errno) {
    var value = value
    _ = try syscall {
        setsockopt(socket, CInt(IPPROTO_TCP), option, &value, socklen_t(MemoryLayout<CInt>.size))
    }
}

// MARK: - Calls

extension RuntimeAPIServer {
    private func handle(_ request: HTTPRequest, on connection: Connection) {
        guard let method = request.route.method, isSnapStart || !request.route.needsSnapStart else {
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
            case .initError: try initError(request, connection)
            case .restoreError: try restoreError(request, connection)
            case .credentials: serveCredentials(request, connection)
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

    private func invocationNext(_ connection: Connection) throws(RuntimeState.Refusal) {
        let before = state
        state = try before.askedForInvocation()
        if case .running = before, let invocation {
            answer(connection, invocation.answer)
            return
        }
        block(connection)
        handOver()
        switch before {
        case .started: onEvent(.initialized(.invocationNext))
        case .restoring: onEvent(.restored)
        case .responseSent: onEvent(.idle)
        default: break
        }
    }

    private func restoreNext(_ connection: Connection) throws(RuntimeState.Refusal) {
        state = try state.askedForRestore()
        block(connection)
        onEvent(.initialized(.restoreNext))
    }

    /// The newest call blocks; one that blocked before it has been given up by its client.
    private func block(_ connection: Connection) {
        if let superseded = blocked { close(superseded) }
        blocked = connection
    }

    private func invocationResponse(
        _ requestID: [UInt8], _ request: HTTPRequest, _ connection: Connection
    ) throws(RuntimeState.Refusal) {
        let next = try state.answered(requestID, withError: false)
        guard let invocation else { throw .invalidRequestID }
        state = next
        self.invocation = nil
        guard request.responseMode != .invalid else {
            answer(connection, ResponseText.invalidResponseMode)
            onEvent(
                .invocationFailed(
                    requestID: invocation.requestID,
                    FunctionFailure(errorType: "Runtime.InvalidResponseModeHeader", body: [])))
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
        onEvent(
            .invocationFailed(
                requestID: invocation.requestID,
                FunctionFailure(
                    errorType: ErrorType.validated(request.errorType),
                    body: Base64.decode(request.trailingErrorBody) ?? [])))
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
                FunctionFailure(errorType: ErrorType.validated(request.errorType), body: body)))
    }

    /// As on AWS the invocation has then failed, and the runtime is told why.
    private func refuseOversized(_ requestID: String, _ connection: Connection) {
        answer(connection, ResponseText.tooLarge)
        var body: [UInt8] = []
        body.append(ResponseText.oversizedResponse)
        onEvent(
            .invocationFailed(
                requestID: requestID, FunctionFailure(errorType: "Function.ResponseSizeTooLarge", body: body)))
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

    private func failure(in request: HTTPRequest) -> FunctionFailure {
        let body: [UInt8] = if case .bytes(let bytes) = request.body { bytes } else { [] }
        return FunctionFailure(errorType: ErrorType.validated(request.errorType), body: body)
    }

    private func serveCredentials(_ request: HTTPRequest, _ connection: Connection) {
        guard let credentials, equalInConstantTime(request.authorization, credentials.authorizationToken) else {
            answer(connection, ResponseText.unknownToken)
            return
        }
        answer(connection, ResponseText.credentials(credentials))
    }
}
