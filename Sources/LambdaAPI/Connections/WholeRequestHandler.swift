import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Hands a small request on once it is whole: one that its client never finishes then costs its bytes, and no task that waits
/// for the rest (26 kB). Larger ones, and those of a length nobody told, go on once so much of them has arrived.
final class WholeRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let limit: Int
    /// The request that is arriving, as long as it is held.
    private var held: [NIOAny] = []
    private var heldBytes = 0

    /// - Parameter limit: bytes of a body that is held; a longer one is not waited for.
    init(upTo limit: Int) { self.limit = limit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            let told = head.headerFields[.contentLength].flatMap { Int($0) }
            guard told.map({ $0 <= limit }) ?? true else { return context.fireChannelRead(data) }
            held.append(data)
        case .body(let bytes) where !held.isEmpty:
            held.append(data)
            heldBytes += bytes.readableBytes
            if heldBytes > limit { handOn(context) }
        case .end where !held.isEmpty:
            held.append(data)
            handOn(context)
        case .body, .end: context.fireChannelRead(data)
        }
    }

    private func handOn(_ context: ChannelHandlerContext) {
        let parts = held
        held = []
        heldBytes = 0
        for part in parts { context.fireChannelRead(part) }
    }

    /// Nobody behind this handler asks for the rest of what it does not know of.
    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if !held.isEmpty { context.read() }
    }
}
