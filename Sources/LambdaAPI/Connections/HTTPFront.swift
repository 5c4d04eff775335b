import HummingbirdCore
import Logging
import NIOCore

/// How servers here speak HTTP: with limits on what clients may hold of them.
package struct HTTPFront: Sendable {
    private let connections: Connections
    private let logger: Logger

    package init(_ limits: ConnectionLimits, logger: Logger) {
        connections = Connections(limits, logger: logger)
        self.logger = logger
    }

    package var server: HTTPServerBuilder {
        let connections = connections
        return .http1(
            configuration: .init(
                additionalChannelHandlers: [ContinueHandler(), ConnectionHandler(connections)],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: ConnectionLimits.headSize, maxHeaderListSize: ConnectionLimits.headSize)))
    }

    /// Call it with the channel that accepts, as soon as there is one.
    package func began(_ channel: any Channel) async throws {
        try await channel.eventLoop.submit { [connections, logger] in
            try channel.pipeline.syncOperations.addHandler(AcceptGuard(connections, logger: logger), position: .first)
        }.get()
    }
}
