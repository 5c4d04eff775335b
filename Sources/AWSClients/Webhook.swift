internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

extension AWSConnection {
    /// Posts a JSON text to an operator's own address, unsigned. Anything but a 2xx answer is a refusal.
    package func post(_ body: String, to url: String, headers: [String: String] = [:]) async throws(AWSClientError) {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        request.body = .bytes(ByteBuffer(string: body))
        let http = try client(for: .sqs)
        let status: UInt
        do {
            status = try await http.execute(request, timeout: .seconds(30)).status.code
        } catch {
            throw AWSClientError(Task.isCancelled ? .cancelled : .unreachable, .sqs, "\(url): \(error)")
        }
        guard (200..<300).contains(status) else {
            throw AWSClientError(.refused(type: "Webhook", status: Int(status)), .sqs, "\(url) answered \(status)")
        }
    }
}
