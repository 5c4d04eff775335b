import Foundation
import FunctionModel
import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Synchronization

/// Holds one connection to the limits of ``ConnectionLimits``: a client that does not go on, in the middle of a request, of an
/// answer or between the two, is not waited for longer than they say, and what it sends is counted.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// The body that is being read.
    private struct Body {
        var start: NIODeadline
        var size = 0
        var isStreamed: Bool
    }

    /// What a client that still sends has, when the connection is to end, to read its answer or to go on.
    private static let lingering = TimeAmount.seconds(2)

    private let connections: Connections
    private var limits: ConnectionLimits { connections.limits }
    private var entry: Connections.Entry?

    private var body: Body?
    /// Requests whose answers have not been written yet.
    private var openRequests = 0
    /// Bytes of requests that were counted.
    private var counted = 0
    /// Bytes of answers that were written, and are not on their way yet.
    private var unsent = 0
    private var unsentSince = NIODeadline.now()
    private var writes = 0
    /// Bytes that were read after the answer.
    private var drained = 0
    private var isRefused = false
    /// Whether the connection ends once the client has sent what it began to.
    private var isEnding = false
    /// When the server began to stop.
    private var stopping: NIODeadline?

    private var deadline: NIODeadline?
    private var alarm: Scheduled<Void>?
    private var alarmTime = NIODeadline.distantFuture

    init(_ connections: Connections) { self.connections = connections }

    func handlerAdded(context: ChannelHandlerContext) {
        entry = connections.open(context.channel)
        wait(limits.head, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        alarm?.cancel()
        alarm = nil
        connections.giveBack(counted)
        counted = 0
        guard let entry else { return }
        connections.release(answerOf: entry)
        connections.close(entry)
        self.entry = nil
    }

    // MARK: - Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard !isRefused else {
            if case .body(let bytes) = part { drop(bytes.readableBytes, context) }
            return
        }
        switch part {
        case .head(let head):
            openRequests += 1
            drained = 0
            body = Body(start: .now(), isStreamed: Self.isStreamed(head))
        case .body(let bytes):
            guard openRequests > 0 else { return drop(bytes.readableBytes, context) }
            guard count(bytes.readableBytes, context) else { return }
        case .end:
            body = nil
            if isEnding { return context.close(promise: nil) }
            if openRequests == 0 { wait(limits.idle, context) } else { serve() }
        }
        context.fireChannelRead(data)
    }

    /// A request that came whole needs no limit of time.
    func channelReadComplete(context: ChannelHandlerContext) {
        expectBody(context)
        // Nobody behind this handler asks for what is dropped.
        if isRefused || isEnding { context.read() }
        context.fireChannelReadComplete()
    }

    /// Limits the time of a body, unless we are at work for the request before it.
    private func expectBody(_ context: ChannelHandlerContext) {
        guard let body, openRequests <= 1, !isRefused else { return }
        let now = NIODeadline.now()
        entry?.waitingSince.store(now.uptimeNanoseconds, ordering: .relaxed)
        set(min(body.start + time(for: body.size), now + TimeAmount(limits.stall)), context)
    }

    /// What a client that is slow, but not too slow, needs for so many bytes.
    private func time(for bytes: Int) -> TimeAmount {
        TimeAmount(limits.stall) + .nanoseconds(Int64(bytes) * 1_000_000_000 / Int64(limits.leastRate))
    }

    /// Whether its body goes to the disk as it arrives.
    private static func isStreamed(_ head: HTTPRequest) -> Bool {
        head.method == .put && head.path?.hasSuffix("/code") == true
            || head.method == .post && head.path?.split(separator: "/").last == "functions"
    }

    private func count(_ bytes: Int, _ context: ChannelHandlerContext) -> Bool {
        body?.size += bytes
        guard let body else { return true }
        let most = body.isStreamed ? ConnectionLimits.streamedBody : Int.max
        let wanted = min(body.size - ConnectionLimits.freeBody, most)
        guard wanted > counted else { return true }
        guard connections.take(wanted - counted) else {
            refuse(.serverBusy, status: .tooManyRequests, context)
            return false
        }
        counted = wanted
        return true
    }

    /// Reads what nobody wants any more: a client that still sends would find the connection reset, and never read the answer.
    private func drop(_ bytes: Int, _ context: ChannelHandlerContext) {
        drained += bytes
        body?.size += bytes
        guard drained <= ConnectionLimits.drainedBody else { return context.close(promise: nil) }
        guard isRefused || isEnding, let body else { return }
        set(min(body.start + time(for: body.size), .now() + Self.lingering), context)
    }

    /// Ends the connection at once only where no answer would be lost by it.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        let isAnswered = openRequests == 0 || mode == .output
        guard mode != .input, body != nil, isAnswered, !isRefused, !isEnding else {
            return context.close(mode: mode, promise: promise)
        }
        isEnding = true
        context.close(mode: .output, promise: promise)
        set(.now() + Self.lingering, context)
        context.read()
    }

    // MARK: - Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isRefused else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head: context.write(data, promise: promise)
        case .body(let bytes):
            send(data, bytes.readableBytes, context, promise)
        case .end:
            openRequests -= 1
            send(data, 0, context, promise)
        }
    }

    private func send(
        _ data: NIOAny, _ bytes: Int, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
        if writes == 0 { unsentSince = .now() }
        writes += 1
        unsent += bytes
        let own = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in own.value.0.sent(bytes, own.value.1) }
        context.write(data, promise: promise)
    }

    private func sent(_ bytes: Int, _ context: ChannelHandlerContext) {
        writes -= 1
        unsent -= bytes
        unsentSince = .now()
        guard let entry, !isRefused, context.channel.isActive else { return }
        guard writes == 0 else { return expectClient(context) }
        connections.release(answerOf: entry)
        if openRequests == 0 {
            connections.giveBack(counted)
            counted = 0
            if body == nil { wait(limits.idle, context) }
        } else if body == nil {
            serve()
        } else {
            body?.start = .now()
            expectBody(context)
        }
    }

    /// An answer that went at once needs no limit of time, and is not counted.
    func flush(context: ChannelHandlerContext) {
        context.flush()
        guard writes > 0, !isRefused else { return }
        expectClient(context)
        if let entry, unsent > ConnectionLimits.freeAnswer { connections.hold(answer: unsent, of: entry) }
    }

    /// Limits the time in which the client takes what was written.
    private func expectClient(_ context: ChannelHandlerContext) { set(unsentSince + time(for: unsent), context) }

    // MARK: - Time

    /// At a stop nobody is waited for longer than it may take.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            stopping = .now()
            if let deadline { set(deadline, context) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func wait(_ limit: Duration, _ context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        entry?.waitingSince.store(now.uptimeNanoseconds, ordering: .relaxed)
        set(now + TimeAmount(limit), context)
    }

    /// It is the client that waits now.
    private func serve() {
        entry?.waitingSince.store(0, ordering: .relaxed)
        if writes == 0 { deadline = nil }
    }

    /// The alarm is left where it rings too early, which costs less than to set it for every request.
    private func set(_ wanted: NIODeadline, _ context: ChannelHandlerContext) {
        // An answer that comes later than the stop has as long to go.
        let deadline = stopping.map { min(wanted, max($0, unsentSince) + TimeAmount(limits.stop)) } ?? wanted
        self.deadline = deadline
        guard alarm == nil || deadline < alarmTime else { return }
        alarm?.cancel()
        alarmTime = deadline
        let own = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        alarm = context.eventLoop.scheduleTask(deadline: deadline) { own.value.0.ring(own.value.1) }
    }

    private func ring(_ context: ChannelHandlerContext) {
        alarm = nil
        guard let deadline else { return }
        guard deadline <= .now() else { return set(deadline, context) }
        self.deadline = nil
        if body != nil, openRequests > 0, writes == 0, !isRefused {
            refuse(.bodyTooSlow, status: .requestTimeout, context)
        } else {
            context.close(promise: nil)
        }
    }

    /// Answers in the server's place, and ends the connection once the client has had time to read that.
    private func refuse(_ error: LambdaError, status: HTTPResponse.Status, _ context: ChannelHandlerContext) {
        isRefused = true
        body = Body(start: .now(), isStreamed: false)
        connections.giveBack(counted)
        counted = 0
        let text = (try? JSONEncoder().encode([error.code.messageKey: error.message, "Type": "User"])) ?? Data()
        let fields: HTTPFields = [
            .contentType: "application/json", .contentLength: "\(text.count)", .connection: "close",
            .amznErrorType: error.code.name,
        ]
        context.write(wrapOutboundOut(.head(HTTPResponse(status: status, headerFields: fields))), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: text))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        set(.now() + Self.lingering, context)
        context.read()
    }
}
