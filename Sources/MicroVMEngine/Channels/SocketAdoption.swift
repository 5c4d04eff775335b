import LinuxKit
import NIOCore
import NIOPosix

/// Hands a connected socket to NIO, which closes it from then on.
func adoptSocket(
    _ socket: consuming OwnedDescriptor, group: any EventLoopGroup,
    initializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
) async throws -> any Channel {
    try await ClientBootstrap(group: group)
        .channelOption(.maxMessagesPerRead, value: 16)
        .channelInitializer(initializer)
        .withConnectedSocket(socket.relinquish())
        .get()
}
