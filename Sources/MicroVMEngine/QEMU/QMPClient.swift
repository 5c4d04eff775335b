import Basics
import Foundation
import LinuxKit
import NIOCore
import NIOPosix
import Synchronization
import SystemPackage

/// Speaks QMP over a connected socket. Commands go one after the other; each waits for its reply.
final class QMPClient: Sendable {
    let qemuVersion: QEMUVersion
    private let channel: any Channel
    private let replies: Mailbox<QMPMessage, QMPError>
    private let events: Mailbox<QMPEvent, QMPError>
    /// The same socket, for the one thing NIO's channels do not do: descriptors beside the bytes.
    private let descriptorSocket: DescriptorSocket
    private let clock: any DeadlineClock
    /// A command that somebody waits longer for is not answered any more.
    private static let replyLimit = Duration.seconds(10)

    private init(
        channel: any Channel, replies: Mailbox<QMPMessage, QMPError>, events: Mailbox<QMPEvent, QMPError>,
        descriptorSocket: DescriptorSocket, clock: any DeadlineClock, version: QEMUVersion
    ) {
        self.channel = channel
        self.replies = replies
        self.events = events
        self.descriptorSocket = descriptorSocket
        self.clock = clock
        qemuVersion = version
    }

    /// Takes over our end of QEMU's control socket and negotiates.
    static func connect(
        _ socket: consuming OwnedDescriptor, group: any EventLoopGroup, clock: any DeadlineClock, deadline: Deadline
    ) async throws -> QMPClient {
        let descriptorSocket = DescriptorSocket(try socket.duplicate())
        let replies = Mailbox<QMPMessage, QMPError>(clock: clock, overflow: .malformed("more replies than commands"))
        let events = Mailbox<QMPEvent, QMPError>(
            clock: clock, overflow: .malformed("more events than anybody waits for"))
        let channel = try await adoptSocket(socket, group: group) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(QMPHandler(replies: replies, events: events))
            }
        }
        do {
            let greeting = try await replies.next(by: deadline, timeout: .timedOut("its greeting"))
            guard case .greeting(let version) = greeting else { throw QMPError.malformed("no greeting") }
            let client = QMPClient(
                channel: channel, replies: replies, events: events, descriptorSocket: descriptorSocket,
                clock: clock, version: version)
            _ = try await client.execute(QMPCapabilities(), deadline: deadline)
            return client
        } catch {
            channel.close(mode: .all, promise: nil)
            throw error
        }
    }

    /// - Parameter deadline: of the whole that the command is a part of, when it may pass before the reply is overdue.
    func execute<C: QMPCommand>(_ command: C, deadline: Deadline? = nil) async throws(QMPError) -> C.Reply {
        let bytes = try encode(command)
        channel.writeAndFlush(channel.allocator.buffer(bytes: bytes), promise: nil)
        return try await reply(to: C.self, deadline: deadline)
    }

    /// Hands QEMU an open file for the stream of a migration, open for nothing but the direction that it goes; its URI.
    func passStream(_ file: borrowing OwnedDescriptor, by deadline: Deadline) async throws(QMPError) -> String {
        guard qemuVersion.migratesToFiles else {
            _ = try await execute(GetDescriptor(fdname: "state"), passing: file, by: deadline)
            return "fd:state"
        }
        let added = try await execute(AddDescriptor(set: QEMUCommandLine.streamSet), passing: file, by: deadline)
        return "file:/dev/fdset/\(added.set)"
    }

    /// Waits until a `MIGRATION` event says that the stream is complete.
    func migrationCompleted(by deadline: Deadline) async throws(QMPError) {
        while true {
            let event = try await events.next(by: deadline, timeout: .timedOut("the migration"))
            switch event.status {
            case "completed": return
            case "failed": throw .refused(command: Migrate.name, description: "the migration failed")
            default: continue
            }
        }
    }

    deinit { close() }

    func close() {
        descriptorSocket.close()
        channel.close(mode: .all, promise: nil)
    }

    // MARK: - Private

    private func execute<C: QMPCommand>(
        _ command: C, passing descriptor: borrowing OwnedDescriptor, by deadline: Deadline
    ) async throws(QMPError) -> C.Reply {
        let bytes = try encode(command)
        do { try descriptorSocket.send(bytes, with: descriptor) } catch {
            throw .refused(command: C.name, description: "\(error)")
        }
        return try await reply(to: C.self, deadline: deadline)
    }

    private func encode<C: QMPCommand>(_ command: C) throws(QMPError) -> [UInt8] {
        do { return Array(try JSONEncoder().encode(QMPRequest(command: command))) + [UInt8(ascii: "\n")] } catch {
            throw .malformed("\(C.name): \(error)")
        }
    }

    private func reply<C: QMPCommand>(to command: C.Type, deadline: Deadline?) async throws(QMPError) -> C.Reply {
        let limit = Deadline(in: Self.replyLimit, from: clock.now)
        switch try await replies.next(by: min(deadline ?? limit, limit), timeout: .timedOut(C.name)) {
        case .reply(let line):
            do { return try JSONDecoder().decode(QMPReply<C.Reply>.self, from: line).reply } catch {
                throw .malformed(String(decoding: line, as: UTF8.self))
            }
        case .failure(let description): throw .refused(command: C.name, description: description)
        case .greeting, .event: throw .malformed("a greeting in the middle of the conversation")
        }
    }
}

/// The write side of a control socket, kept for `sendmsg(2)` with SCM_RIGHTS.
private final class DescriptorSocket: Sendable {
    private let socket: Mutex<SharedDescriptor?>

    init(_ socket: consuming OwnedDescriptor) { self.socket = Mutex(socket.shared()) }

    func send(_ bytes: [UInt8], with descriptor: borrowing OwnedDescriptor) throws(Errno) {
        guard let socket = socket.withLock({ $0 }) else { throw .badFileDescriptor }
        // A control socket's buffer is far larger than one command: it takes all or fails.
        try socket.descriptor.send(descriptor, beside: bytes)
    }

    func close() { socket.withLock { $0 = nil } }
}

/// Cuts lines and routes them.
private final class QMPHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let replies: Mailbox<QMPMessage, QMPError>
    private let events: Mailbox<QMPEvent, QMPError>
    private var partial = Data()
    /// QEMU's longest replies here are a few kilobytes.
    private static let maximumLine = 1 << 20

    init(replies: Mailbox<QMPMessage, QMPError>, events: Mailbox<QMPEvent, QMPError>) {
        self.replies = replies
        self.events = events
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        partial.append(contentsOf: unwrapInboundIn(data).readableBytesView)
        while let newline = partial.firstIndex(of: UInt8(ascii: "\n")) {
            let line = Data(partial[partial.startIndex..<newline])
            partial = Data(partial[(newline + 1)...])
            do { route(try QMPMessage(line: line)) } catch { return end(with: error, context) }
        }
        if partial.count > Self.maximumLine { end(with: .malformed("a line without end"), context) }
    }

    func channelInactive(context: ChannelHandlerContext) { end(with: .closed, context) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(with: .closed, context) }

    private func route(_ message: QMPMessage) {
        switch message {
        // A guest makes QEMU send others as often as it likes.
        case .event(let event): if event.name == QMPEvent.migration { events.deliver(event) }
        default: replies.deliver(message)
        }
    }

    private func end(with error: QMPError, _ context: ChannelHandlerContext) {
        replies.fail(error)
        events.fail(error)
        context.close(promise: nil)
    }
}
