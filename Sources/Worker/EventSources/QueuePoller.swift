internal import AWSClients
internal import Basics
package import FunctionModel
package import Logging
import Synchronization

import struct Foundation.UUID

/// Takes messages from a queue, batch by batch, and has a function handle them: what it handled is deleted, and the rest comes
/// back when the queue's visibility timeout is over.
///
/// It waits at the queue, not here. Cancelled, it takes no more and delivers what it has.
package struct QueuePoller: Sendable {
    /// What pollers share.
    package struct Delivery: Sendable {
        let invocations: any Invoking
        let clock: WorkerClock
        /// Batches of a queue at a time where the mapping does not say, and at most.
        let concurrency: (standard: Int, most: Int)

        package init(invocations: any Invoking, clock: WorkerClock, concurrency: (standard: Int, most: Int)) {
            self.invocations = invocations
            self.clock = clock
            self.concurrency = concurrency
        }
    }

    private let mapping: EventSourceMapping
    private let queue: any MessageQueue
    private let isFIFO: Bool
    private let delivery: Delivery
    private let logger: Logger

    package init(
        mapping: EventSourceMapping, queue: any MessageQueue, isFIFO: Bool, delivery: Delivery, logger: Logger
    ) {
        self.mapping = mapping
        self.queue = queue
        self.isFIFO = isFIFO
        self.delivery = delivery
        self.logger = logger
    }

    private var settings: EventSourceSettings { mapping.settings }
    private var batchSize: Int { settings.batchSize ?? 10 }
    private var patterns: [EventPattern] {
        (settings.filterCriteria?.filters ?? []).compactMap { $0.pattern.flatMap { EventPattern($0) } }
    }
    private var concurrency: Int {
        min(settings.scaling?.maximumConcurrency ?? delivery.concurrency.standard, max(delivery.concurrency.most, 1))
    }

    /// What a batch of records may have as JSON: an event of a synchronous invocation, and some room.
    private static let largestEvent = Limits.payload - 256

    package func run() async {
        let failures = FailureCount()
        let patterns = patterns
        await withTaskGroup(of: Void.self) { batches in
            var running = 0
            while !Task.isCancelled {
                while running >= concurrency {
                    await batches.next()
                    running -= 1
                }
                do {
                    if let pause = failures.pause { try await delivery.clock.sleep(pause) }
                    let batch = try await collect()
                    guard !batch.isEmpty else { continue }
                    // What has been taken is delivered, also when this ends.
                    let handling = Task { failures.note(isDone: await handle(batch, patterns)) }
                    batches.addTask { await handling.value }
                    running += 1
                } catch is CancellationError {
                    break
                } catch {
                    if Task.isCancelled { break }
                    failures.note(isDone: false)
                    logger.warning("cannot receive messages", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    // MARK: - Receiving

    /// A batch: as many messages as there are, up to its size, or what came within its window. Empty when nothing came.
    private func collect() async throws -> [SQSMessage] {
        var batch = try await queue.receive(
            atMost: min(batchSize, SQSClient.largestBatch), waitSeconds: SQSClient.longestWait)
        guard let window = settings.maximumBatchingWindow, window > 0, !batch.isEmpty else { return batch }
        let end = delivery.clock.now() + .seconds(window)
        while batch.count < batchSize {
            let left = Int((end - delivery.clock.now()).components.seconds)
            guard left > 0, !Task.isCancelled else { break }
            do {
                batch += try await queue.receive(
                    atMost: min(batchSize - batch.count, SQSClient.largestBatch),
                    waitSeconds: min(left, SQSClient.longestWait))
            } catch {
                // Those that are here are not lost for it.
                logger.debug("cannot fill a batch", metadata: ["error": "\(error)"])
                break
            }
        }
        return batch
    }

    // MARK: - Handling

    /// - Returns: whether all went well.
    private func handle(_ batch: [SQSMessage], _ patterns: [EventPattern]) async -> Bool {
        let records = batch.map { QueueRecord($0, from: settings.eventSourceARN ?? "") }
        let wanted = records.filter { record in
            patterns.isEmpty || patterns.contains { $0.matches(record.filtered) }
        }
        if wanted.count < records.count {
            let kept = Set(wanted.map(\.receiptHandle))
            await delete(records.map(\.receiptHandle).filter { !kept.contains($0) })
        }
        var isDone = true
        for part in Self.events(of: wanted) where await !deliver(part) {
            isDone = false
            // A FIFO queue's later messages wait for its earlier ones.
            if isFIFO { break }
        }
        return isDone
    }

    /// Events that are small enough for an invocation.
    static func events(of records: [QueueRecord]) -> [(records: [QueueRecord], payload: [UInt8])] {
        var events: [(records: [QueueRecord], payload: [UInt8])] = []
        var (members, payload): ([QueueRecord], [UInt8]) = ([], [])
        func close() {
            guard !members.isEmpty else { return }
            events.append((members, Array(#"{"Records":["#.utf8) + payload + Array("]}".utf8)))
            (members, payload) = ([], [])
        }
        for record in records {
            guard let json = record.json() else { continue }
            if payload.count + json.count > largestEvent { close() }
            if !members.isEmpty { payload.append(UInt8(ascii: ",")) }
            members.append(record)
            payload += json
        }
        close()
        return events
    }

    private func deliver(_ event: (records: [QueueRecord], payload: [UInt8])) async -> Bool {
        let receipts = event.records.map(\.receiptHandle)
        do throws(LambdaError) {
            let response = try await invoke(event.payload)
            if let error = response.functionError {
                logger.info(
                    "function failed on a batch",
                    metadata: ["error": "\(error)", "messages": "\(receipts.count)"])
                return false
            }
            guard settings.responseTypes?.contains("ReportBatchItemFailures") == true else {
                await delete(receipts)
                return true
            }
            switch BatchOutcome(response.payload, of: Set(event.records.map(\.messageId))) {
            case .allDone:
                await delete(receipts)
                return true
            case .allFailed: return false
            case .failed(let ids):
                await delete(event.records.filter { !ids.contains($0.messageId) }.map(\.receiptHandle))
                return true
            }
        } catch {
            logger.warning("cannot invoke for a batch", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Invokes, and tries again while the function has no room or is not ready, as long as the messages are surely ours.
    private func invoke(_ payload: [UInt8]) async throws(LambdaError) -> InvokeResponse {
        let begun = delivery.clock.now()
        var visible: Duration?
        var pauses = Backoff()
        while true {
            do throws(LambdaError) {
                return try await delivery.invocations.invoke(
                    InvokeRequest(
                        reference: mapping.reference, requestID: UUID().uuidString.lowercased(),
                        type: .requestResponse, logType: .none, clientContext: nil, payload: payload))
            } catch {
                guard error.code == .tooManyRequests || error.code == .snapStartNotReady else { throw error }
                if visible == nil { visible = .seconds((try? await queue.visibilitySeconds()) ?? 0) }
                pauses.count()
                let pause = pauses.pause ?? .seconds(1)
                guard delivery.clock.now() + pause < begun + (visible ?? .zero) / 2,
                    (try? await delivery.clock.sleep(pause)) != nil
                else { throw error }
            }
        }
    }

    private func delete(_ receipts: [String]) async {
        for start in stride(from: 0, to: receipts.count, by: SQSClient.largestBatch) {
            var left = Array(receipts[start..<min(start + SQSClient.largestBatch, receipts.count)])
            var pauses = Backoff()
            for _ in 0..<Self.deletionTries where !left.isEmpty {
                if let pause = pauses.pause { try? await delivery.clock.sleep(pause) }
                pauses.count()
                do throws(AWSClientError) { left = try await queue.delete(left) } catch {
                    logger.debug("cannot delete messages", metadata: ["error": "\(error)"])
                }
            }
            guard !left.isEmpty else { continue }
            logger.warning(
                "messages that were handled could not be deleted, and will come again",
                metadata: ["count": "\(left.count)"])
        }
    }

    private static let deletionTries = 3
}

/// How long to wait after failures that follow one another: nothing, then a quarter of a second, then twice as long each time.
struct Backoff: Sendable {
    private var failures = 0

    var pause: Duration? { failures == 0 ? nil : min(.milliseconds(250 << min(failures - 1, 8)), .seconds(30)) }

    mutating func count() { failures += 1 }
    mutating func reset() { failures = 0 }
}

/// A ``Backoff`` that batches under way at the same time tell what became of them.
private final class FailureCount: Sendable {
    private let backoff = Mutex(Backoff())

    var pause: Duration? { backoff.withLock { $0.pause } }

    func note(isDone: Bool) {
        backoff.withLock { backoff in
            if isDone { backoff.reset() } else { backoff.count() }
        }
    }
}
