internal import AWSClients
internal import FunctionModel

import struct Foundation.Data
import class Foundation.JSONEncoder

/// A message as a function is given it.
struct QueueRecord: Encodable {
    var messageId: String
    var receiptHandle: String
    var body: String
    var attributes: [String: String]
    var messageAttributes: [String: Attribute]
    var md5OfMessageAttributes: String?
    var md5OfBody: String?
    var eventSource = "aws:sqs"
    var eventSourceARN: String
    var awsRegion: String

    struct Attribute: Encodable {
        var stringValue: String?
        var binaryValue: String?
        var stringListValues: [String] = []
        var binaryListValues: [String] = []
        var dataType: String
    }

    init(_ message: SQSMessage, from arn: String) {
        messageId = message.messageID
        receiptHandle = message.receiptHandle
        body = message.body
        attributes = message.attributes ?? [:]
        messageAttributes = (message.messageAttributes ?? [:]).mapValues {
            Attribute(stringValue: $0.stringValue, binaryValue: $0.binaryValue, dataType: $0.dataType)
        }
        md5OfMessageAttributes = message.messageAttributesMD5
        md5OfBody = message.bodyMD5
        eventSourceARN = arn
        awsRegion = QueueARN(arn)?.region ?? ""
    }

    /// One JSON object; nil only if a text were none.
    func json() -> [UInt8]? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { Array($0) }
    }

    /// The record as filters see it: a body that is JSON is looked into.
    var filtered: JSONValue {
        var members: [String: JSONValue] = [
            "messageId": .string(messageId), "body": .string(body),
            "attributes": .object(attributes.mapValues { .string($0) }),
            "messageAttributes": .object(
                messageAttributes.mapValues { attribute in
                    var members = ["dataType": JSONValue.string(attribute.dataType)]
                    if let text = attribute.stringValue { members["stringValue"] = .string(text) }
                    return .object(members)
                }),
            "eventSource": .string(eventSource), "eventSourceARN": .string(eventSourceARN),
            "awsRegion": .string(awsRegion),
        ]
        if let parsed = JSONValue(parsing: body), parsed.isStructure { members["body"] = parsed }
        return .object(members)
    }
}

/// What a function that reports single failures says became of a batch.
package enum BatchOutcome: Equatable, Sendable {
    case allDone
    case allFailed
    /// Message ids.
    case failed(Set<String>)

    /// - Parameters:
    ///   - payload: the function's answer. Nothing, `null`, and no or empty `batchItemFailures` mean that all is done; what
    ///     cannot be understood, or names no message of the batch, means that nothing is.
    ///   - ids: the batch's messages.
    package init(_ payload: [UInt8], of ids: Set<String>) {
        guard !payload.isEmpty else {
            self = .allDone
            return
        }
        switch JSONValue(parsing: String(decoding: payload, as: UTF8.self)) {
        case .null: self = .allDone
        case .object(let members):
            switch members["batchItemFailures"] {
            case nil, .null: self = .allDone
            case .array(let failures): self = Self.outcome(failures, of: ids)
            default: self = .allFailed
            }
        default: self = .allFailed
        }
    }

    private static func outcome(_ failures: [JSONValue], of ids: Set<String>) -> BatchOutcome {
        var failed: Set<String> = []
        for failure in failures {
            guard case .string(let id) = failure.object?["itemIdentifier"], ids.contains(id) else { return .allFailed }
            failed.insert(id)
        }
        return failed.isEmpty ? .allDone : .failed(failed)
    }
}
