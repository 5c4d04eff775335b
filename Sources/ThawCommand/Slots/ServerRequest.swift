import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SigV4

/// A question to a server on this host, on a connection of its own.
package struct ServerRequest: Sendable {
    private static let largest = 16 << 20

    let host: String
    let port: Int
    private let limit: TimeAmount
    private let scheme: String
    private let signer: RequestSigner?

    /// - Parameters:
    ///   - limit: for the connection, and then for the answer.
    ///   - scheme: `http` or `https`. Nothing is between this process and a server on its host: any certificate is the right one.
    ///   - signer: for a server that has users.
    package init(
        scheme: String = "http", host: String, port: Int, limit: Duration = .seconds(5), signer: RequestSigner? = nil
    ) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.signer = signer
        self.limit = TimeAmount(limit)
    }

    /// The server gave another answer than the one that was asked for, or none in time.
    struct NoAnswer: Error {}

    /// The body of the answer.
    package func get(_ path: String) async throws -> [UInt8] {
        let tls = try scheme == "https" ? Self.tls() : nil
        let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(limit)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: nil))
                    }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
                        wrappingChannelSynchronously: channel)
                }
            }
        let channel = connection.channel
        let timer = channel.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
        defer { timer.cancel() }
        return try await connection.executeThenClose { inbound, outbound in
            var headers: HTTPHeaders = ["host": "\(host):\(port)", "connection": "close"]
            if let signer {
                let signed = SignedRequest(method: "GET", path: path, headers: [("host", "\(host):\(port)")])
                headers.add(contentsOf: signer.headers(for: signed, at: .now()).map { ($0.name, $0.value) })
            }
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)
            // A server may have answered and gone before everything was written: what it said decides.
            try? await outbound.write(contentsOf: [.head(head), .end(nil)])
            return try await Self.body(of: inbound)
        }
    }

    private static func tls() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        return try NIOSSLContext(configuration: configuration)
    }

    private static func body(
        of answer: NIOAsyncChannelInboundStream<HTTPClientResponsePart>
    ) async throws -> [UInt8] {
        var body: [UInt8] = []
        for try await part in answer {
            switch part {
            case .head(let head): guard head.status == .ok else { throw NoAnswer() }
            case .body(let bytes):
                guard body.count + bytes.readableBytes <= largest else { throw NoAnswer() }
                body += bytes.readableBytesView
            case .end: return body
            }
        }
        throw NoAnswer()
    }
}
