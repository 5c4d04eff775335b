internal import Foundation
internal import NIOHTTP1

/// Amazon SQS, or what speaks like it, in its JSON protocol.
package struct SQSClient: Sendable {
    private let connection: AWSConnection

    package init(_ connection: AWSConnection) { self.connection = connection }

    /// Whether somebody said where it is.
    package var isConfigured: Bool { connection.configuration.address(of: .sqs) != nil }

    /// The longest that ``receive(from:atMost:waitSeconds:)`` may wait.
    package static let longestWait = 20
    /// Messages that one call may name.
    package static let largestBatch = 10

    /// The URL that calls name a queue by.
    package func url(of queue: QueueARN) async throws(AWSClientError) -> String {
        struct Input: Encodable {
            var queueName: String
            var queueOwnerAWSAccountId: String
        }
        struct Output: Decodable { var queueUrl: String }
        let input = Input(queueName: queue.name, queueOwnerAWSAccountId: queue.accountID)
        return try await call("GetQueueUrl", input, as: Output.self).queueUrl
    }

    /// The queue's own settings, such as `VisibilityTimeout`.
    package func attributes(of queueURL: String, _ names: [String]) async throws(AWSClientError) -> [String: String] {
        struct Input: Encodable {
            var queueUrl: String
            var attributeNames: [String]
        }
        struct Output: Decodable { var attributes: [String: String]? }
        let input = Input(queueUrl: queueURL, attributeNames: names)
        return try await call("GetQueueAttributes", input, as: Output.self).attributes ?? [:]
    }

    /// Takes messages, which nobody else is given for the queue's visibility timeout; waits at the service while there are none.
    package func receive(
        from queueURL: String, atMost count: Int, waitSeconds: Int
    ) async throws(AWSClientError) -> [SQSMessage] {
        struct Input: Encodable {
            var queueUrl: String
            var maxNumberOfMessages: Int
            var waitTimeSeconds: Int
            var messageSystemAttributeNames = ["All"]
            // Its older name, which is all that some compatible services know.
            var attributeNames = ["All"]
            var messageAttributeNames = ["All"]
        }
        struct Output: Decodable { var messages: [SQSMessage]? }
        let input = Input(
            queueUrl: queueURL, maxNumberOfMessages: min(max(count, 1), Self.largestBatch),
            waitTimeSeconds: min(max(waitSeconds, 0), Self.longestWait))
        let output = try await call("ReceiveMessage", input, as: Output.self, seconds: Int64(waitSeconds) + 30)
        return output.messages ?? []
    }

    /// Removes messages that were taken.
    ///
    /// - Parameter receipts: at most ``largestBatch``.
    /// - Returns: those that are still there.
    package func delete(_ receipts: [String], from queueURL: String) async throws(AWSClientError) -> [String] {
        struct Entry: Encodable {
            var id: String
            var receiptHandle: String
        }
        struct Input: Encodable {
            var queueUrl: String
            var entries: [Entry]
        }
        struct Failure: Decodable { var id: String }
        struct Output: Decodable { var failed: [Failure]? }
        let entries = receipts.enumerated().map { Entry(id: "\($0.offset)", receiptHandle: $0.element) }
        let output = try await call("DeleteMessageBatch", Input(queueUrl: queueURL, entries: entries), as: Output.self)
        return (output.failed ?? []).compactMap { failure in
            Int(failure.id).flatMap { receipts.indices.contains($0) ? receipts[$0] : nil }
        }
    }

    /// Puts a message into a queue.
    ///
    /// - Parameters:
    ///   - numbers: which of the attributes are no texts.
    ///   - group: of a FIFO queue, which needs it.
    ///   - deduplication: of a FIFO queue; nil leaves it to the content.
    package func send(
        _ body: String, to queueURL: String, attributes: [String: String] = [:], numbers: Set<String> = [],
        group: String? = nil, deduplication: String? = nil
    ) async throws(AWSClientError) {
        struct Value: Encodable {
            var dataType: String
            var stringValue: String
        }
        struct Input: Encodable {
            var queueUrl: String
            var messageBody: String
            var messageAttributes: [String: Value]?
            var messageGroupId: String?
            var messageDeduplicationId: String?
        }
        struct Output: Decodable {}
        let input = Input(
            queueUrl: queueURL, messageBody: body,
            messageAttributes: attributes.isEmpty
                ? nil
                : Dictionary(
                    uniqueKeysWithValues: attributes.map { name, value in
                        (name, Value(dataType: numbers.contains(name) ? "Number" : "String", stringValue: value))
                    }),
            messageGroupId: group, messageDeduplicationId: deduplication)
        _ = try await call("SendMessage", input, as: Output.self)
    }

    // MARK: - Protocol

    private func call<Output: Decodable & Sendable>(
        _ action: String, _ input: some Encodable, as type: Output.Type, seconds: Int64 = 30
    ) async throws(AWSClientError) -> Output {
        var call = AWSConnection.Call()
        call.headers = [
            (name: "content-type", value: "application/x-amz-json-1.0"),
            (name: "x-amz-target", value: "AmazonSQS.\(action)"),
        ]
        call.seconds = seconds
        do { call.body = Array(try JSONMembers.encoder.encode(input)) } catch {
            throw AWSClientError(.badAnswer, .sqs, "cannot write \(action): \(error)")
        }
        let answer = try await connection.answer(call, to: .sqs)
        guard answer.isSuccess else { throw Self.refusal(answer) }
        do {
            return try JSONMembers.decoder.decode(type, from: answer.body.isEmpty ? Data("{}".utf8) : Data(answer.body))
        } catch {
            throw AWSClientError(.badAnswer, .sqs, "\(action): \(error)")
        }
    }

    /// The error's older name stands in a header, and is what AWS shows; the newer one in the body.
    private static func refusal(_ answer: AWSAnswer) -> AWSClientError {
        struct Refusal: Decodable {
            var type: String?
            var message: String?

            private enum CodingKeys: String, CodingKey {
                case type = "__type"
                case message
            }
        }
        let body = try? JSONMembers.decoder.decode(Refusal.self, from: Data(answer.body))
        let older = answer.headers.first(name: "x-amzn-query-error")?.split(separator: ";").first
        let newer = body?.type?.split(separator: "#").last
        return AWSClientError(
            .refused(type: (older ?? newer).map(String.init) ?? "\(answer.status)", status: answer.status), .sqs,
            body?.message ?? "status \(answer.status)")
    }
}
