import ContainerImages
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A registry on loopback that answers as a test wants.
final class FakeRegistry: Sendable {
    struct Request: Sendable {
        var method: String
        var path: String
        var authorization: String?
        var body: String
    }

    struct Answer: Sendable {
        var status = 200
        var headers: [(String, String)] = []
        var body: [UInt8] = []
        /// What is declared, where that is not the truth.
        var length: Int?

        static func status(_ status: Int, _ headers: [(String, String)] = []) -> Answer {
            Answer(status: status, headers: headers)
        }
    }

    private struct State {
        var requests: [Request] = []
        var answer: @Sendable (Request) -> Answer = { _ in .status(404) }
    }

    private let state = Mutex(State())
    private let channel: any Channel

    private init(_ channel: any Channel) { self.channel = channel }

    var host: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    var requests: [Request] { state.withLock(\.requests) }

    func count(_ part: String) -> Int { requests.filter { $0.path.contains(part) }.count }

    func answer(_ answer: @escaping @Sendable (Request) -> Answer) { state.withLock { $0.answer = answer } }

    fileprivate func handle(_ request: Request) -> Answer {
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.answer
        }
        return answer(request)
    }

    static func with<R>(_ body: (FakeRegistry) async throws -> R) async throws -> R {
        let box = Mutex<FakeRegistry?>(nil)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.configureHTTPServerPipeline()
                    try child.pipeline.syncOperations.addHandler(
                        Handler { request in box.withLock { $0 }?.handle(request) ?? .status(500) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let registry = FakeRegistry(channel)
        box.withLock { $0 = registry }
        let outcome: Result<R, any Error>
        do { outcome = .success(try await body(registry)) } catch { outcome = .failure(error) }
        try await channel.close()
        return try outcome.get()
    }

    /// Answers as a registry that has these images, by tag.
    func serve(_ images: [String: TestImage], manifests: [String: (type: String, bytes: [UInt8])] = [:]) {
        answer { Self.answer($0, images, manifests) }
    }

    static func answer(
        _ request: Request, _ images: [String: TestImage],
        _ manifests: [String: (type: String, bytes: [UInt8])] = [:]
    ) -> Answer {
        let name = request.path.split(separator: "/").last.map(String.init) ?? ""
        if request.path.contains("/manifests/") {
            if let special = manifests[name] {
                return Answer(headers: [("content-type", special.type)], body: special.bytes)
            }
            let image = images[name] ?? images.values.first { "\($0.digest)" == name }
            guard let image else { return .status(404) }
            return Answer(headers: [("content-type", TestImage.manifestType)], body: image.manifest)
        }
        for image in images.values {
            if let digest = ImageDigest(name), let blob = image.blobs[digest] { return Answer(body: blob) }
        }
        return .status(404)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let handle: @Sendable (Request) -> Answer
        private var head: HTTPRequestHead?
        private var body = ""

        init(_ handle: @escaping @Sendable (Request) -> Answer) { self.handle = handle }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, "")
            case .body(let part): body += String(buffer: part)
            case .end:
                guard let head else { return }
                let answer = handle(
                    Request(
                        method: head.method.rawValue, path: head.uri,
                        authorization: head.headers.first(name: "authorization"), body: body))
                var headers = HTTPHeaders(answer.headers)
                headers.add(name: "content-length", value: "\(answer.length ?? answer.body.count)")
                let status = HTTPResponseStatus(statusCode: answer.status)
                context.write(
                    wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
                if let length = answer.length, length != answer.body.count {
                    context.flush()
                    context.close(promise: nil)
                    return
                }
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
