internal import AWSClients
internal import Basics
internal import FunctionModel
internal import FunctionStore
internal import LinuxKit
internal import Logging
internal import SystemPackage

import struct Foundation.UUID

/// Tells what came of events: to functions, queues, topics, and what an operator put in their places.
struct EventSender: Sendable {
    enum Failure: Error {
        /// It may go another time.
        case temporary(String)
        /// It never will.
        case final(String)
    }

    let account: AccountScope
    let aws: AWSConnection
    /// By ARN.
    let targets: [String: EventTarget]

    /// What becomes an event of another function, in the same commit as the end of this one; nil for any other target.
    func event(for delivery: EventDelivery, now: Int64) -> Event? {
        guard targets[delivery.target] == nil, case .function(let function) = Destination(arn: delivery.target) else {
            return nil
        }
        return Event(
            functionName: function.name, qualifier: function.qualifier, requestID: UUID().uuidString.lowercased(),
            payload: Array(delivery.body.utf8), acceptedAt: now)
    }

    func send(_ delivery: EventDelivery) async throws(Failure) {
        if let target = targets[delivery.target] { return try await send(delivery, to: target) }
        let attributes = Dictionary(
            delivery.attributes.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        let numbers = Set(delivery.attributes.filter { $0.type == "Number" }.map(\.name))
        do throws(AWSClientError) {
            switch Destination(arn: delivery.target) {
            case .queue:
                guard let arn = QueueARN(delivery.target) else {
                    throw AWSClientError(.badAnswer, .sqs, "'\(delivery.target)' names no queue")
                }
                let queues = SQSClient(aws)
                try await queues.send(
                    delivery.body, to: queues.url(of: arn), attributes: attributes, numbers: numbers,
                    group: arn.isFIFO ? "events" : nil, deduplication: arn.isFIFO ? UUID().uuidString : nil)
            case .topic:
                try await SNSClient(aws).publish(
                    topicARN: delivery.target, message: delivery.body, attributes: attributes, numbers: numbers)
            case .function, .eventBus, .bucket, nil:
                throw AWSClientError(.badAnswer, .sqs, "'\(delivery.target)' cannot be reached from here")
            }
        } catch {
            switch error.code {
            case .notConfigured, .badAnswer: throw .final("\(error)")
            case .refused(_, let status) where (400..<500).contains(status) && status != 429: throw .final("\(error)")
            case .refused, .unreachable, .tooLarge, .cancelled: throw .temporary("\(error)")
            }
        }
    }

    private func send(_ delivery: EventDelivery, to target: EventTarget) async throws(Failure) {
        switch target {
        case .file(let path):
            let line = Array((delivery.body.replacing("\n", with: " ") + "\n").utf8)
            do {
                try await BlockingThread.run { () throws(Errno) in
                    let file = try OwnedDescriptor.open(
                        path, .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite])
                    try file.writeAll(line)
                }
            } catch {
                throw .temporary("cannot append to \(path): \(error)")
            }
        case .webhook(let url):
            let headers = Dictionary(
                delivery.attributes.map {
                    ("x-thaw-\($0.name.lowercased())", $0.value.filter { $0 != "\r" && $0 != "\n" })
                },
                uniquingKeysWith: { first, _ in first })
            do throws(AWSClientError) { try await aws.post(delivery.body, to: url, headers: headers) } catch {
                throw .temporary("\(error)")
            }
        }
    }
}
