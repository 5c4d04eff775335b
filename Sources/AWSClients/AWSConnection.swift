internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import OutgoingHTTP
internal import SigV4

/// The connections of this server to AWS's services, shared by all who ask something of them.
///
/// ``shutdown()`` ends it, once nobody asks any more.
package final class AWSConnection: Sendable {
    package let configuration: AWSConfiguration
    private let http: SharedHTTPClient

    /// - Parameter patience: seconds in which an answer has to go on; longer than the longest poll, 20 s.
    package init(_ configuration: AWSConfiguration, patience: Int64 = 60) {
        self.configuration = configuration
        var settings = SharedHTTPClient.Settings(
            connecting: .seconds(5), patience: .seconds(patience), authorities: configuration.authorities)
        // Each poll has a connection to itself while it waits.
        settings.keptPerHost = 4_096
        http = SharedHTTPClient(settings)
    }

    /// Ends all connections; what is asked afterwards fails.
    package func shutdown() async { await http.shutdown() }

    func client(for service: AWSService) throws(AWSClientError) -> HTTPClient {
        guard let client = http.client() else { throw AWSClientError(.cancelled, service, "") }
        return client
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
