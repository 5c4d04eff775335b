package import AWSClients
import Synchronization

/// A queue as a poller needs it.
package protocol MessageQueue: Sendable {
    /// Seconds for which nobody else is given what was received.
    func visibilitySeconds() async throws(AWSClientError) -> Int
    /// Waits at the queue while there are no messages.
    func receive(atMost count: Int, waitSeconds: Int) async throws(AWSClientError) -> [SQSMessage]
    /// - Returns: those that are still there.
    func delete(_ receipts: [String]) async throws(AWSClientError) -> [String]
}

/// A queue of Amazon SQS.
final class SQSQueue: MessageQueue {
    private let client: SQSClient
    private let queue: QueueARN
    /// Asked for once.
    private let known = Mutex<String?>(nil)

    init(client: SQSClient, queue: QueueARN) {
        self.client = client
        self.queue = queue
    }

    func visibilitySeconds() async throws(AWSClientError) -> Int {
        let attributes = try await client.attributes(of: try await url(), ["VisibilityTimeout"])
        return attributes["VisibilityTimeout"].flatMap { Int($0) } ?? 30
    }

    func receive(atMost count: Int, waitSeconds: Int) async throws(AWSClientError) -> [SQSMessage] {
        try await client.receive(from: try await url(), atMost: count, waitSeconds: waitSeconds)
    }

    func delete(_ receipts: [String]) async throws(AWSClientError) -> [String] {
        try await client.delete(receipts, from: try await url())
    }

    private func url() async throws(AWSClientError) -> String {
        if let known = known.withLock({ $0 }) { return known }
        let url = try await client.url(of: queue)
        known.withLock { $0 = url }
        return url
    }
}
