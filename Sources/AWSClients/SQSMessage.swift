/// A message as ReceiveMessage answers it.
package struct SQSMessage: Sendable, Decodable, Equatable {
    package var messageID: String
    package var receiptHandle: String
    package var body: String
    package var bodyMD5: String?
    package var attributes: [String: String]?
    package var messageAttributes: [String: Attribute]?
    package var messageAttributesMD5: String?

    package init(messageID: String, receiptHandle: String, body: String) {
        self.messageID = messageID
        self.receiptHandle = receiptHandle
        self.body = body
    }

    package struct Attribute: Sendable, Decodable, Equatable {
        package var dataType: String
        package var stringValue: String?
        /// In base64.
        package var binaryValue: String?
    }

    private enum CodingKeys: String, CodingKey {
        case messageID = "messageId"
        case receiptHandle, body, attributes, messageAttributes
        case bodyMD5 = "mD5OfBody"
        case messageAttributesMD5 = "mD5OfMessageAttributes"
    }
}

/// A queue as its ARN names it.
package struct QueueARN: Sendable, Hashable {
    package let region: String
    package let accountID: String
    package let name: String

    /// `arn:PARTITION:sqs:REGION:ACCOUNT:NAME`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "sqs", !parts[5].isEmpty else { return nil }
        region = String(parts[3])
        accountID = String(parts[4])
        name = String(parts[5])
    }

    package var isFIFO: Bool { name.hasSuffix(".fifo") }
}
