internal import AWSClients
internal import FunctionModel
internal import Logging
import Synchronization

/// The pollers of this server: one for each queue that is mapped to a function, from the mapping's start to its stop.
///
/// Streams are kept and answered, and not read: the log names each.
package final class EventSourcePolling: Sendable {
    private let pollers = Mutex<[String: Task<Void, Never>]>([:])
    /// Apart from the worker's other tasks: these end when they are told to.
    private let tasks = BackgroundTasks()
    private let sqs: SQSClient
    private let delivery: QueuePoller.Delivery
    private let logger: Logger

    init(sqs: SQSClient, delivery: QueuePoller.Delivery, logger: Logger) {
        self.sqs = sqs
        self.delivery = delivery
        self.logger = logger
    }

    func start(_ mapping: EventSourceMapping) async {
        var logger = logger
        logger[metadataKey: "eventSourceMapping"] = "\(mapping.uuid)"
        logger[metadataKey: "function"] = "\(mapping.functionName)"
        guard mapping.kind == .sqs, let queue = mapping.settings.eventSourceARN.flatMap({ QueueARN($0) }) else {
            logger.warning(
                "event source is not polled: this server reads no source but Amazon SQS",
                metadata: ["source": "\(mapping.kind.title)"])
            return
        }
        let poller = QueuePoller(
            mapping: mapping, queue: SQSQueue(client: sqs, queue: queue), isFIFO: queue.isFIFO, delivery: delivery,
            logger: logger)
        let task = tasks.start { await poller.run() }
        pollers.withLock { $0[mapping.uuid] = task }
    }

    /// Ends a mapping's polling. What has been taken from the queue is still delivered.
    func stop(_ uuid: String) async {
        guard let task = pollers.withLock({ $0.removeValue(forKey: uuid) }) else { return }
        task.cancel()
    }

    /// Takes no more from any queue.
    func close() { tasks.cancelAll() }

    /// Returns when all that was taken has been delivered.
    func drain() async { await tasks.drain() }
}
