internal import Glibc
package import GuestProtocol
package import LinuxKit
package import SystemPackage

/// The Runtime API over TCP, for one runtime.
///
/// Single-threaded and without a loop of its own: it registers its sockets with its owner's ``EventQueue`` under tokens that
/// have ``tokenMark`` set, and the owner passes such events to ``process(_:)``. Nothing here blocks. What the runtime does
/// comes out through `onEvent`, always after the runtime itself has been answered, because its latency counts most.
package final class RuntimeAPIServer {
    /// Set in every token the server registers; the owner must not use it in its own.
    package static let tokenMark: UInt64 = 1 << 31

    /// What exists beside AWS's routes for every runtime, and how the server lives with its owner.
    package struct Options: Sendable {
        /// Whether `/runtime/restore/*` and the credentials endpoint exist.
        package var isSnapStart: Bool
        /// Whether `/runtime/seed/next` exists, in which a runtime waits that knows no function yet.
        package var servesSeed = false
        /// Of a connection that is taken over: whether it goes on after the answer that it waits for, as its request asked.
        package var keepsAdopted = true
        /// The upper half of every token: tells the servers apart that share an ``EventQueue``. The lower half must be zero.
        package var tokens: UInt64 = 0
        /// How many bytes are read at once. The room for them belongs to the server as long as it lives.
        package var readLength = 1 << 17

        package init(isSnapStart: Bool) { self.isSnapStart = isSnapStart }
    }

    static let maximumConnections = 32
    /// Unread bytes, of a head say, that more than one connection may have at a time.
    static let smallHead = 16 << 10
    /// A token's place in ``connections``; the last one stands for the listener.
    static let slotMask: UInt64 = 0x3F

    package internal(set) var state = RuntimeState.started
    /// The port it listens on.
    package let port: UInt16
    /// Called within ``process(_:)``, ``readRest()``, ``release(_:then:)``, ``startFromSeed(_:)`` and ``invoke(_:)``.
    package var onEvent: (RuntimeEvent) -> Void = { _ in }

    let isSnapStart: Bool
    let servesSeed: Bool
    let tokens: UInt64
    let queue: EventQueue
    let listener: OwnedDescriptor
    let scratch: UnsafeMutableRawBufferPointer
    var connections: [Connection?] = []
    var accepted: UInt64 = 0
    /// The connection whose request blocks in `/runtime/restore/next`, `/runtime/seed/next` or `/runtime/invocation/next`.
    var blocked: Connection?
    /// The one connection whose request may be large: its head or its body.
    var large: Connection?
    /// Readings so far.
    var readings: UInt64 = 0
    /// Queued until the runtime asks, then kept until it answers.
    var invocation: QueuedInvocation?
    /// The response that is being handed on in parts.
    var parted: PartedResponse?
    private(set) var credentials: Credentials?
    /// What runs beside the function in its process.
    var extensions = ExtensionRegistry()
    /// What the runtime has come to while extensions are still at work.
    var awaited: RuntimeEvent?
    var function: FunctionIdentity?

    struct QueuedInvocation {
        let requestID: String
        let requestIDBytes: [UInt8]
        /// The whole answer to `/runtime/invocation/next`.
        let answer: [UInt8]
        let wantsParts: Bool
        /// What extensions are told of it; nil without any.
        let extensionEvent: [UInt8]?
    }

    /// Listens on the loopback address.
    /// - Parameter port: 0 takes a free one.
    package convenience init(port: UInt16, options: Options, queue: EventQueue) throws(Errno) {
        try self.init(listener: try LoopbackSocket.listen(port: port), options: options, queue: queue)
    }

    /// Serves a listener that was made elsewhere, perhaps in another network namespace.
    package init(listener: consuming OwnedDescriptor, options: Options, queue: EventQueue) throws(Errno) {
        isSnapStart = options.isSnapStart
        servesSeed = options.servesSeed
        tokens = options.tokens | Self.tokenMark
        self.queue = queue
        port = try LoopbackSocket.port(of: listener)
        let raw = listener.withRaw { $0 }
        // Connections inherit this from the listener.
        try setTCPOption(raw, TCP_NODELAY, 1)
        // A connection is accepted when its request is there: one wake-up instead of two.
        try setTCPOption(raw, TCP_DEFER_ACCEPT, 5)
        try queue.add(listener, .readable, token: tokens | Self.slotMask)
        self.listener = listener
        scratch = .allocate(byteCount: max(1, options.readLength), alignment: 16)
    }

    /// Goes on where another server stopped: `connection` has been accepted, and its request for `call` waits for its answer.
    package convenience init(
        adopting connection: consuming OwnedDescriptor, blockedIn call: BlockingCall,
        listener: consuming OwnedDescriptor, options: Options, queue: EventQueue
    ) throws(Errno) {
        try self.init(listener: listener, options: options, queue: queue)
        let adopted = try add(connection)
        if !options.keepsAdopted { adopted.closeAfterSending() }
        blocked = adopted
        state =
            switch call {
            case .restoreNext: .restoreReady
            case .invocationNext: .ready
            case .seedNext: .seedReady
            }
    }

    deinit { scratch.deallocate() }

    // MARK: - The platform's side

    /// Replaces what the credentials endpoint serves.
    package func setCredentials(_ credentials: Credentials) { self.credentials = credentials }

    /// Lets a restored runtime go on. When it waits in `/runtime/invocation/next` it has no interest in restores, and
    /// ``RuntimeEvent/restored`` is reported at once.
    /// - Parameters:
    ///   - identity: what makes this clone unlike its siblings, for the runtime to mix in.
    ///   - then: called when the runtime has its answer, before any event.
    package func release(_ identity: Uniqueness, then: () -> Void = {}) throws(RuntimeAPIError) {
        guard let next = state.released() else { throw .cannotRelease(state: "\(state.name)") }
        let wasBlockedInRestore = state == .restoreReady
        state = next
        guard wasBlockedInRestore, let connection = blocked else {
            then()
            if !wasBlockedInRestore { onEvent(.restored) }
            return
        }
        blocked = nil
        answer(connection, ResponseText.restored(identity))
        then()
        serve(connection)
    }

    /// Tells a runtime that waits in `/runtime/seed/next` which function it is to start; its init begins.
    /// - Parameter start: JSON, passed on unchanged.
    package func startFromSeed(_ start: [UInt8]) throws(RuntimeAPIError) {
        guard let next = state.startedFromSeed() else { throw .cannotStart(state: "\(state.name)") }
        state = next
        guard let connection = blocked else { return }
        blocked = nil
        answer(connection, ResponseText.json(start))
        serve(connection)
    }

    /// Hands one event to the runtime, now or as soon as it asks.
    /// - Parameter inParts: whether a response that the runtime streams is told as it comes, rather than when it is whole.
    package func invoke(_ invocation: Invocation, inParts: Bool = false) throws(RuntimeAPIError) {
        if case .running = state { throw .busy(state: "\(state.name)") }
        guard self.invocation == nil else { throw .busy(state: "\(state.name)") }
        self.invocation = QueuedInvocation(
            requestID: invocation.requestID, requestIDBytes: Array(invocation.requestID.utf8),
            answer: ResponseText.invocation(invocation), wantsParts: inParts,
            extensionEvent: extensions.isEmpty ? nil : ExtensionText.invoke(invocation))
        if let connection = blocked {
            handOver()
            serve(connection)
        }
    }

    /// Gives the queued event to the runtime if it waits for one.
    func handOver() {
        guard let invocation, let connection = blocked, let next = state.handedOver(invocation.requestIDBytes) else {
            return
        }
        state = next
        blocked = nil
        answer(connection, invocation.answer)
        if let event = invocation.extensionEvent { tellExtensions(event) }
    }

    /// Memory that holds what has been received and is no whole request yet.
    package var heldBytes: Int { connections.reduce(0) { $0 + ($1?.parser.held ?? 0) } }

    // MARK: - Before a freeze

    /// The client's port of the connection whose request blocks; nil when none does.
    package var blockedClientPort: UInt16? {
        blocked.flatMap { connection in try? LoopbackSocket.peerPort(of: connection.descriptor) }
    }

    /// Whether the connection whose request blocks is to go on after the answer: not with `Connection: close`, nor HTTP/1.0.
    package var keepsBlocked: Bool { blocked?.keepAlive ?? true }

    /// Closes every connection that is between two requests: none of them could live on in a clone, and the runtime
    /// sees an orderly end. One in the middle of a request stays.
    package func closeIdleConnections() {
        for connection in connections {
            if let connection, !isHeld(connection), connection.isIdle { close(connection) }
        }
    }
}

private func setTCPOption(_ socket: CInt, _ option: CInt, _ value: CInt) throws(Errno) {
    var value = value
    _ = try syscall {
        setsockopt(socket, CInt(IPPROTO_TCP), option, &value, socklen_t(MemoryLayout<CInt>.size))
    }
}
