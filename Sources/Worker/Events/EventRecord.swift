internal import FunctionModel
internal import FunctionStore
internal import Telemetry

import struct Foundation.Data
import struct Foundation.Date
import class Foundation.JSONSerialization

/// How an event ended, and what is told of it.
struct EventEnd: Sendable {
    enum Condition: String, Sendable {
        case success = "Success"
        case retriesExhausted = "RetriesExhausted"
        case ageExceeded = "EventAgeExceeded"
        case zeroReservedConcurrency = "ZeroReservedConcurrency"
    }

    let condition: Condition
    /// The function's last answer, if it ever gave one.
    let response: InvokeResponse?
    /// How often it was tried.
    let attempts: Int

    /// The record that destinations get, with AWS's members in AWS's order.
    ///
    /// - Parameters:
    ///   - arn: qualified, `$LATEST` included.
    ///   - milliseconds: since 1970.
    func record(of event: Event, _ arn: FunctionARN, at milliseconds: Int64) -> String {
        // Half a millisecond more, because what is formatted is cut off.
        let date = Date(timeIntervalSince1970: (Double(milliseconds) + 0.5) / 1_000)
        var members = [
            ("version", Self.quoted("1.0")),
            ("timestamp", Self.quoted(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))),
            (
                "requestContext",
                Self.object([
                    ("requestId", Self.quoted(event.requestID)), ("functionArn", Self.quoted(arn.description)),
                    ("condition", Self.quoted(condition.rawValue)), ("approximateInvokeCount", "\(attempts)"),
                ])
            ),
            ("requestPayload", Self.json(event.payload)),
        ]
        if let response {
            var context = [
                ("statusCode", "200"), ("executedVersion", Self.quoted(response.executedVersion.qualifier)),
            ]
            if let error = response.functionError { context.append(("functionError", Self.quoted(error))) }
            members.append(("responseContext", Self.object(context)))
            members.append(("responsePayload", Self.json(response.payload)))
        }
        return Self.object(members)
    }

    /// What AWS sends beside an event to a dead-letter queue.
    func deadLetterAttributes(of event: Event) -> [EventDelivery.Attribute] {
        [
            .init(name: "RequestID", type: "String", value: event.requestID),
            .init(name: "ErrorCode", type: "Number", value: response == nil ? "429" : "200"),
            .init(name: "ErrorMessage", type: "String", value: errorMessage),
        ]
    }

    /// At most 1 KB, as on AWS.
    private var errorMessage: String {
        let object = response.flatMap { try? JSONSerialization.jsonObject(with: Data($0.payload)) } as? [String: Any]
        var message = object?["errorMessage"] as? String ?? condition.rawValue
        while message.utf8.count > 1_024 { message.removeLast() }
        return message.isEmpty ? condition.rawValue : message
    }

    // MARK: - JSON

    private static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\(quoted($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        Telemetry.JSONText.append(.string(text), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A payload as it is, or what is no JSON as a text.
    private static func json(_ payload: [UInt8]) -> String {
        if payload.isEmpty { return "{}" }
        let isJSON = (try? JSONSerialization.jsonObject(with: Data(payload), options: .fragmentsAllowed)) != nil
        guard isJSON, let text = String(validating: payload, as: UTF8.self) else {
            return quoted(String(decoding: payload, as: UTF8.self))
        }
        return text
    }
}

/// What remains to be told of an event that has ended, as the queue keeps it.
struct EventDelivery: Codable, Sendable, Hashable {
    struct Attribute: Codable, Sendable, Hashable {
        var name: String
        /// `String` or `Number`.
        var type: String
        var value: String
    }

    /// An ARN.
    var target: String
    var body: String
    var attributes: [Attribute] = []
}
