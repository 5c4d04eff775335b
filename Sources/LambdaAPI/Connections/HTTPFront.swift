import HummingbirdCore
import HummingbirdTLS
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

    /// - Parameter tls: nil speaks in the clear.
    package func server(_ tls: ServerTLS? = nil) -> HTTPServerBuilder {
        HTTPServerBuilder { [connections] responder in
            // The time for a request's head is the time for a handshake, too.
            let channel = HTTP1Channel(
                responder: responder,
                configuration: .init(
                    additionalChannelHandlers: [
                        ContinueHandler(), ConnectionHandler(connections),
                        WholeRequestHandler(upTo: ConnectionLimits.freeBody),
                    ],
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: ConnectionLimits.headSize, maxHeaderListSize: ConnectionLimits.headSize)))
            guard let tls else { return channel }
            return try TLSChannel(channel, tlsConfiguration: tls.configuration)
        }
    }

    /// Call it with the channel that accepts, as soon as there is one.
    package func began(_ channel: any Channel) async throws {
        try await channel.eventLoop.submit { [connections, logger] in
            try channel.pipeline.syncOperations.addHandler(AcceptGuard(connections, logger: logger), position: .first)
        }.get()
    }
}
