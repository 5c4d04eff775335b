internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import SigV4
import Synchronization

/// The connections of this server to AWS's services, shared by all who ask something of them.
///
/// ``shutdown()`` ends it, once nobody asks any more.
package final class AWSConnection: Sendable {
    package let configuration: AWSConfiguration
    private enum State {
        /// Nobody has asked anything yet.
        case unused
        case open(HTTPClient)
        case ended
    }
    private let state = Mutex(State.unused)

    private let patience: Int64

    /// - Parameter patience: seconds in which an answer has to go on; longer than the longest poll, 20 s.
    package init(_ configuration: AWSConfiguration, patience: Int64 = 60) {
        self.configuration = configuration
        self.patience = patience
    }

    /// Ends all connections; what is asked afterwards fails.
    package func shutdown() async {
        let state = state.withLock { state in
            defer { state = .ended }
            return state
        }
        // It fails only when it was ended before.
        if case .open(let http) = state { try? await http.shutdown() }
    }

    func client(for service: AWSService) throws(AWSClientError) -> HTTPClient {
        let client = state.withLock { state -> HTTPClient? in
            switch state {
            case .open(let http): return http
            case .ended: return nil
            case .unused:
                let http = makeClient()
                state = .open(http)
                return http
            }
        }
        guard let client else { throw AWSClientError(.cancelled, service, "") }
        return client
    }

    private func makeClient() -> HTTPClient {
        var settings = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: .seconds(patience)),
            connectionPool: .init(idleTimeout: .seconds(30)), decompression: .disabled)
        settings.httpVersion = .http1Only
        if let authorities = configuration.authorities {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(authorities)
            settings.tlsConfiguration = tls
        }
        // Each poll has a connection to itself while it waits.
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4_096
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    /// A request without what ``AWSConnection`` adds: where to, `Host` and the signature.
    struct Call: Sendable {
        var method = "POST"
        /// Percent-encoded.
        var path = "/"
        /// Percent-encoded.
        var query = ""
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
        /// Until the answer begins.
        var seconds: Int64 = 30
    }

    /// Asks a service, and has `read` take the answer, whatever its status.
    func send<R: Sendable>(
        _ call: Call, to service: AWSService,
        _ read: @Sendable (HTTPClientResponse) async throws -> R
    ) async throws(AWSClientError) -> R {
        let request = try request(call, to: service)
        let http = try client(for: service)
        do {
            return try await read(http.execute(request, timeout: .seconds(call.seconds)))
        } catch let error as AWSClientError {
            throw error
        } catch is CancellationError {
            throw AWSClientError(.cancelled, service, "")
        } catch {
            throw AWSClientError(Task.isCancelled ? .cancelled : .unreachable, service, "\(error)")
        }
    }

    /// The whole of a short answer.
    func answer(_ call: Call, to service: AWSService, limit: Int = 16 << 20) async throws(AWSClientError) -> AWSAnswer {
        try await send(call, to: service) { response in
            try await AWSAnswer(response, from: service, limit: limit)
        }
    }

    private func request(_ call: Call, to service: AWSService) throws(AWSClientError) -> HTTPClientRequest {
        guard let address = configuration.address(of: service) else { throw .notConfigured(service) }
        let path = address.prefix + call.path
        let headers = [(name: "host", value: address.authority)] + call.headers
        let signer = RequestSigner(
            credentials: configuration.credentials, region: configuration.region, service: service.rawValue)
        let signed = signer.headers(
            for: SignedRequest(
                method: call.method, path: path, query: call.query, headers: headers,
                payload: PayloadHash(of: call.body)),
            at: .now())
        var request = HTTPClientRequest(
            url: "\(address.scheme)://\(address.authority)\(path)" + (call.query.isEmpty ? "" : "?\(call.query)"))
        request.method = HTTPMethod(rawValue: call.method)
        for (name, value) in headers + signed { request.headers.replaceOrAdd(name: name, value: value) }
        if !call.body.isEmpty { request.body = .bytes(ByteBuffer(bytes: call.body)) }
        return request
    }
}

/// An answer that has been read whole.
struct AWSAnswer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]

    init(_ response: HTTPClientResponse, from service: AWSService, limit: Int) async throws {
        status = Int(response.status.code)
        headers = response.headers
        var body: [UInt8] = []
        for try await part in response.body {
            guard body.count + part.readableBytes <= limit else {
                throw AWSClientError(.tooLarge, service, "over \(limit) bytes")
            }
            body.append(contentsOf: part.readableBytesView)
        }
        self.body = body
    }

    var isSuccess: Bool { (200..<300).contains(status) }
}
