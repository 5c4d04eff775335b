import Glibc
import Logging
import NIOCore

/// Waits where no connection can be accepted for want of descriptors or memory: NIO would try again at once, for ever, and say nothing.
final class AcceptGuard: ChannelInboundHandler {
    typealias InboundIn = Channel
    typealias InboundOut = Channel

    private static let pause = TimeAmount.seconds(1)
    private static let shortages: Set<CInt> = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

    private let connections: Connections
    private let logger: Logger
    private var isWaiting = false
    private var isTold = false

    init(_ connections: Connections, logger: Logger) {
        self.connections = connections
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isTold = false
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, Self.shortages.contains(error.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        if !isTold {
            isTold = true
            logger.error(
                "cannot accept connections, and tries again every second; the limit of open files may be too low",
                metadata: ["error": "\(error)"])
        }
        connections.makeRoom()
        guard !isWaiting else { return }
        isWaiting = true
        setReading(false, context)
        let own = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.pause) {
            own.value.0.isWaiting = false
            own.value.0.setReading(true, own.value.1)
        }
    }

    /// At once: the event loop looks at it when this returns.
    private func setReading(_ isReading: Bool, _ context: ChannelHandlerContext) {
        try? context.channel.syncOptions?.setOption(.autoRead, value: isReading)
    }
}
