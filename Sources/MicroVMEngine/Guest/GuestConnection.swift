import Basics
import GuestProtocol
import LinuxKit
import NIOCore
import NIOPosix
import Sandboxes

/// Speaks the guest protocol over the host's end of the channel, from when the guest is there: until then messages wait.
///
/// Output goes to the sink as it comes; everything else waits in the mailbox for the task that drives the machine.
final class GuestConnection: Sendable {
    private let channel: GuestChannel
    private let mailbox: Mailbox<GuestMessage, SandboxError>
    private let parts: ResponseParts
    private let clock: any DeadlineClock

    private init(
        channel: GuestChannel, mailbox: Mailbox<GuestMessage, SandboxError>, parts: ResponseParts,
        clock: any DeadlineClock
    ) {
        self.channel = channel
        self.mailbox = mailbox
        self.parts = parts
        self.clock = clock
    }

    static func connect(
        _ end: consuming GuestEnd, group: any EventLoopGroup, clock: any DeadlineClock,
        output: @escaping OutputSink
    ) async throws -> GuestConnection {
        let mailbox = Mailbox<GuestMessage, SandboxError>(
            clock: clock, overflow: .lost("the guest says more than anybody asks for", during: .invocation))
        let parts = ResponseParts()
        let channel = try await GuestChannel.open(end, group: group) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(
                    GuestHandler(mailbox: mailbox, parts: parts, output: output))
            }
        }
        return GuestConnection(channel: channel, mailbox: mailbox, parts: parts, clock: clock)
    }

    func send(_ message: HostMessage) {
        channel.send(message.encoded())
    }

    var isOpened: Bool { channel.opened.value == true }

    /// Returns once the guest is there; false when it was not by `deadline`.
    func isOpened(by deadline: Deadline) async -> Bool {
        await channel.opened.wait(within: deadline.remaining(at: clock.now)) ?? false
    }

    /// The machine's process is gone: a guest that has not come yet will not.
    func processEnded() {
        if channel.opened.settle(false) { mailbox.fail(.lost("the virtual machine ended", during: .invocation)) }
    }

    /// Hands over one event. Parts of a streamed answer go to `response`, until ``endParts()``; the end of it is a message.
    func invoke(_ invocation: Invocation, streaming response: ResponseStream) {
        parts.expect(invocation.requestID, response)
        response.body.onRoom { [weak self, requestID = invocation.requestID] in
            guard let self, parts.makeRoom(requestID) else { return }
            send(.moreParts(requestID: requestID))
        }
        send(.invokeInParts(invocation))
    }

    func endParts() { parts.stop() }

    /// The guest's next message. A fault or the end of the runtime is thrown, as is `deadline` passing.
    func next(during phase: SandboxError.Phase, by deadline: Deadline) async throws(SandboxError) -> GuestMessage {
        let message: GuestMessage
        do throws(SandboxError) {
            message = try await mailbox.next(by: deadline, timeout: .timedOut(phase, limit: deadline.limit))
        } catch {
            // The event loop does not know what the machine was doing.
            guard case .lost = error.code else { throw error }
            throw .lost(error.message, during: phase)
        }
        switch message {
        case .runtimeExited(let reason): throw .runtimeExited(reason, during: phase)
        case .fault(let text): throw .lost("the guest supervisor reported: \(text)", during: phase)
        default: return message
        }
    }

    /// Whether nothing has come that nobody asked for: an idle guest says something only when it ends.
    var isQuiet: Bool { mailbox.isQuiet }

    /// Ends every wait with `error`; what the guest says from now on is ignored.
    func fail(_ error: SandboxError) { mailbox.fail(error) }

    deinit { close() }

    func close() { channel.close() }
}

private final class GuestHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let mailbox: Mailbox<GuestMessage, SandboxError>
    private let parts: ResponseParts
    private let output: OutputSink
    private var decoder = FrameDecoder()

    init(mailbox: Mailbox<GuestMessage, SandboxError>, parts: ResponseParts, output: @escaping OutputSink) {
        self.mailbox = mailbox
        self.parts = parts
        self.output = output
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        decoder.append(unwrapInboundIn(data).readableBytesView)
        do {
            while let frame = try decoder.next() {
                switch try GuestMessage(frame: frame) {
                case .output(let bytes): output(bytes)
                case .responseBegan(let requestID, let contentType): parts.begin(requestID, contentType: contentType)
                case .responsePart(let requestID, let bytes): take(bytes, of: requestID, context)
                case let message: mailbox.deliver(message, bytes: frame.count)
                }
            }
        } catch {
            mailbox.fail(.lost("the guest sent a message that is not the protocol: \(error)", during: .invocation))
            context.close(promise: nil)
        }
    }

    private func take(_ bytes: [UInt8], of requestID: String, _ context: ChannelHandlerContext) {
        switch parts.take(requestID, bytes) {
        case .taken: break
        case .wantsMore:
            let more = HostMessage.moreParts(requestID: requestID).encoded()
            context.writeAndFlush(NIOAny(context.channel.allocator.buffer(bytes: more)), promise: nil)
        case .tooMuch:
            mailbox.fail(.lost("the guest sends more of a response than there is room for", during: .invocation))
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        mailbox.fail(.lost("the virtual machine ended", during: .invocation))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        mailbox.fail(.lost("the channel to the guest failed: \(error)", during: .invocation))
        context.close(promise: nil)
    }
}
