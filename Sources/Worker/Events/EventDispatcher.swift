internal import Basics
internal import FunctionModel
internal import FunctionStore
internal import Logging

import struct Foundation.Data
import class Foundation.JSONDecoder

/// Tries events until they have ended, and has the end told.
package struct EventDispatcher: Sendable {
    let queue: EventQueue
    let functions: FunctionCatalog
    let invocations: any Invoking
    let admission: Admission
    let sender: EventSender
    let tasks: BackgroundTasks
    let logger: Logger

    /// Between the tries of an event that the function could not handle; seconds.
    private static let delays: [Int64] = [60, 120]
    /// How often a delivery is tried, after 1, 2, 4 … seconds.
    private static let deliveryTries = 10

    /// Runs until the queue is closed or the task cancelled.
    package func run() async {
        await takeUp()
        for await _ in queue.wakeups { dispatch() }
    }

    /// Takes up the events that a server before this one had accepted.
    package func takeUp() async {
        do throws(LambdaError) { try await queue.load() } catch {
            logger.error("cannot read the events that wait", metadata: ["error": "\(error)"])
        }
    }

    /// Begins with all events whose turn it is, and says how many these are.
    @discardableResult
    package func dispatch() -> Int {
        var begun = 0
        while let event = queue.next() {
            tasks.start { await self.handle(event) }
            begun += 1
        }
        return begun
    }

    private func handle(_ waiting: WaitingEvent) async {
        do throws(LambdaError) {
            let stored = try await rethrowing(
                try await queue.store.event(waiting.id), as: FunctionCatalog.lambdaError)
            guard let stored else { return queue.finish(waiting) }
            if let deliveries = stored.deliveries {
                try await deliver(deliveries, of: stored, waiting)
            } else {
                try await attempt(stored, waiting)
            }
        } catch {
            // The store cannot be used now; the event is in it.
            logger.error(
                "an event waits for the store", metadata: ["event": "\(waiting.id)", "error": "\(error)"])
            queue.throttle(waiting)
        }
    }

    // MARK: - Trying

    private func attempt(_ stored: StoredEvent, _ waiting: WaitingEvent) async throws(LambdaError) {
        let event = stored.event
        let configuration = try await rethrowing(
            try await queue.store.eventInvokeConfiguration(
                of: event.functionName, qualifier: event.qualifier ?? "$LATEST"), as: FunctionCatalog.lambdaError)
        let expiry = event.acceptedAt + Int64(configuration?.age ?? Limits.eventAge.upperBound) * 1_000
        let conclude = { (condition, response, attempts) async throws(LambdaError) in
            let end = EventEnd(condition: condition, response: response, attempts: attempts)
            try await self.conclude(end, stored, waiting, configuration)
        }
        guard queue.now <= expiry else { return try await conclude(.ageExceeded, nil, stored.attempts) }
        guard admission.reserved(event.functionName) != 0 else {
            return try await conclude(.zeroReservedConcurrency, nil, stored.attempts)
        }
        let response: InvokeResponse?
        do throws(LambdaError) {
            response = try await invocations.invoke(event.request)
        } catch {
            switch error.code.httpStatus {
            // Deleted meanwhile: there is nobody to hear of it.
            case 404: return try await remove(waiting)
            case 409, 429, 500...: return queue.throttle(waiting)
            // The function's own failure, in a hook.
            default: response = nil
            }
        }
        let attempts = stored.attempts + 1
        if let response, response.functionError == nil { return try await conclude(.success, response, attempts) }
        guard attempts <= configuration?.retries ?? Limits.eventRetries.upperBound else {
            return try await conclude(.retriesExhausted, response, attempts)
        }
        let due = queue.now + Self.delays[min(attempts, Self.delays.count) - 1] * 1_000
        guard due <= expiry else { return try await conclude(.ageExceeded, response, attempts) }
        _ = try await queue.journal.commit(.postpone(id: stored.id, attempts: attempts, dueAt: due))
        queue.finish(waiting, again: due)
    }

    private func remove(_ waiting: WaitingEvent) async throws(LambdaError) {
        _ = try await queue.journal.commit(.remove(id: waiting.id))
        queue.finish(waiting)
    }

    // MARK: - Telling

    private func conclude(
        _ end: EventEnd, _ stored: StoredEvent, _ waiting: WaitingEvent, _ configuration: EventInvokeConfiguration?
    ) async throws(LambdaError) {
        let deliveries = await deliveries(end, stored.event, configuration)
        guard !deliveries.isEmpty, let text = try? JSONText.encode(deliveries) else {
            return try await remove(waiting)
        }
        _ = try await queue.journal.commit(
            .end(id: stored.id, deliveries: text, attempts: 0, dueAt: queue.now))
        var stored = stored
        (stored.attempts, stored.deliveries) = (0, text)
        try await deliver(text, of: stored, waiting)
    }

    private func deliveries(
        _ end: EventEnd, _ event: Event, _ configuration: EventInvokeConfiguration?
    ) async -> [EventDelivery] {
        var deliveries: [EventDelivery] = []
        let target = end.condition == .success ? configuration?.onSuccess : configuration?.onFailure
        if let target {
            let arn = functions.account.arn(name: event.functionName, qualifier: event.qualifier ?? "$LATEST")
            deliveries.append(EventDelivery(target: target, body: end.record(of: event, arn, at: queue.now)))
        }
        if end.condition != .success, let target = await deadLetterTarget(of: event) {
            deliveries.append(
                EventDelivery(
                    target: target, body: String(decoding: event.request.payload, as: UTF8.self),
                    attributes: end.deadLetterAttributes(of: event)))
        }
        return deliveries
    }

    /// It is part of the version's configuration.
    private func deadLetterTarget(of event: Event) async -> String? {
        try? await functions.resolve(event.request.reference).configuration.deadLetterTarget
    }

    private func deliver(
        _ text: String, of stored: StoredEvent, _ waiting: WaitingEvent
    ) async throws(LambdaError) {
        let deliveries = (try? JSONDecoder().decode([EventDelivery].self, from: Data(text.utf8))) ?? []
        var left: [EventDelivery] = []
        for delivery in deliveries {
            if let event = sender.event(for: delivery, now: queue.now) {
                try await pass(event, delivery)
                continue
            }
            do throws(EventSender.Failure) { try await sender.send(delivery) } catch {
                switch error {
                case .temporary(let reason) where stored.attempts + 1 < Self.deliveryTries:
                    logger.warning("an event's end is told later", metadata: metadata(delivery, stored, reason))
                    left.append(delivery)
                case .temporary(let reason), .final(let reason):
                    logger.error("an event's end cannot be told", metadata: metadata(delivery, stored, reason))
                }
            }
        }
        guard !left.isEmpty, let text = try? JSONText.encode(left) else { return try await remove(waiting) }
        let attempts = stored.attempts + 1
        let due = queue.now + 1_000 << Int64(attempts - 1)
        _ = try await queue.journal.commit(.end(id: stored.id, deliveries: text, attempts: attempts, dueAt: due))
        queue.finish(waiting, again: due)
    }

    /// Hands the record to another function, as an event of its own.
    private func pass(_ event: Event, _ delivery: EventDelivery) async throws(LambdaError) {
        do throws(LambdaError) { try await queue.accept(event) } catch {
            guard error.code == .resourceNotFound else { throw error }
            logger.error(
                "an event's end cannot be told", metadata: ["target": "\(delivery.target)", "reason": "\(error)"])
        }
    }

    private func metadata(
        _ delivery: EventDelivery, _ stored: StoredEvent, _ reason: String
    ) -> Logger.Metadata {
        [
            "function": "\(stored.event.functionName)", "requestId": "\(stored.event.requestID)",
            "target": "\(delivery.target)", "reason": "\(reason)",
        ]
    }
}

extension Event {
    /// What the function is given, the same each time.
    var request: InvokeRequest {
        InvokeRequest(
            reference: FunctionReference(name: functionName, qualifier: qualifier), requestID: requestID,
            type: .requestResponse, logType: .none, clientContext: clientContext,
            payload: payload.isEmpty ? Array("{}".utf8) : payload, traceID: traceID)
    }

    init(_ request: InvokeRequest, acceptedAt: Int64) {
        self.init(
            functionName: request.reference.name, qualifier: request.reference.qualifier,
            requestID: request.requestID, traceID: request.traceID, clientContext: request.clientContext,
            payload: request.payload, acceptedAt: acceptedAt)
    }
}
