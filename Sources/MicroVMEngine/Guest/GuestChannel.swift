import Basics
import LinuxKit
import NIOCore
import NIOPosix

/// A connection to the guest's supervisor that is there, or that the guest will make.
struct GuestChannel: Sendable {
    /// Settled when there is one: true, or when there will be none: false.
    let opened: Outcome<Bool>
    private let connection: EventLoopFuture<any Channel>
    private let listener: (any Channel)?

    static func open(
        _ end: consuming GuestEnd, group: any EventLoopGroup,
        initializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) async throws -> GuestChannel {
        let opened = Outcome<Bool>()
        switch consume end {
        case .connected(let socket):
            let channel = try await adoptSocket(socket, group: group, initializer: initializer)
            opened.settle(true)
            return GuestChannel(
                opened: opened, connection: channel.eventLoop.makeSucceededFuture(channel), listener: nil)
        case .listening(let socket):
            let loop = group.next()
            let first = loop.makePromise(of: (any Channel).self)
            let listener = try await ServerBootstrap(group: loop)
                .childChannelOption(.maxMessagesPerRead, value: 16)
                .childChannelInitializer { channel in
                    // The supervisor's, which connects before any code of the function runs. Nobody else has business here.
                    guard opened.settle(true) else {
                        return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
                    }
                    return initializer(channel).flatMapThrowing {
                        try channel.pipeline.syncOperations.addHandler(Arrival(first))
                    }
                }
                .withBoundSocket(socket.relinquish())
                .get()
            return GuestChannel(opened: opened, connection: first.futureResult, listener: listener)
        }
    }

    func send(_ bytes: [UInt8]) {
        connection.whenSuccess { $0.writeAndFlush($0.allocator.buffer(bytes: bytes), promise: nil) }
    }

    func close() {
        connection.whenSuccess { $0.close(mode: .all, promise: nil) }
        listener?.close(promise: nil)
    }
}

/// Says that a connection can be written to.
private final class Arrival: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let promise: EventLoopPromise<any Channel>

    init(_ promise: EventLoopPromise<any Channel>) { self.promise = promise }

    func channelActive(context: ChannelHandlerContext) {
        promise.succeed(context.channel)
        // Not before: the listener's end would be that of what it has accepted and not yet handed on.
        context.channel.parent?.close(promise: nil)
        context.fireChannelActive()
    }
}
