import LinuxKit
import NIOCore
import NIOPosix
import Synchronization

/// The guest's serial console: read as it comes, so that a guest never waits for room to print an error, and kept a little.
final class GuestConsole: Sendable {
    private static let kept = 4096
    private let channel: any Channel
    private let recent: Recent

    private init(channel: any Channel, recent: Recent) {
        self.channel = channel
        self.recent = recent
    }

    /// - Parameter ended: the machine's process has closed its end, as it does when it dies.
    static func connect(
        _ socket: consuming OwnedDescriptor, group: any EventLoopGroup, ended: @escaping @Sendable () -> Void
    ) async throws -> GuestConsole {
        let recent = Recent(limit: kept)
        let channel = try await adoptSocket(socket, group: group) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(ConsoleHandler(recent: recent, ended: ended))
            }
        }
        return GuestConsole(channel: channel, recent: recent)
    }

    /// The guest kernel's last words on one line, for the error of a boot that failed.
    var lastWords: String? {
        let text = String(decoding: recent.bytes, as: UTF8.self)
        return text.isEmpty ? nil : text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }

    deinit { close() }

    func close() { channel.close(mode: .all, promise: nil) }
}

/// The end of what has been printed.
private final class Recent: Sendable {
    private let limit: Int
    private let printed = Mutex<[UInt8]>([])

    init(limit: Int) { self.limit = limit }

    var bytes: [UInt8] { printed.withLock { $0 } }

    func add(_ bytes: ByteBufferView) {
        printed.withLock { printed in
            printed.append(contentsOf: bytes)
            if printed.count > limit { printed.removeFirst(printed.count - limit) }
        }
    }
}

private final class ConsoleHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let recent: Recent
    private let ended: @Sendable () -> Void

    init(recent: Recent, ended: @escaping @Sendable () -> Void) {
        self.recent = recent
        self.ended = ended
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        recent.add(unwrapInboundIn(data).readableBytesView)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
