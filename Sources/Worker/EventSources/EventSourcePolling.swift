package import AWSClients
package import FunctionModel
package import Logging
import Synchronization

/// The pollers of this server: one for each queue that is mapped to a function, from the mapping's start to its stop.
///
/// Streams are kept and answered, and not read: the log names each.
package final class EventSourcePolling: Sendable {
    private struct State {
        var pollers: [String: Task<Void, Never>] = [:]
        /// Then none begins any more: nobody would end it.
        var isClosed = false
    }
    private let state = Mutex(State())
    /// Apart from the worker's other tasks: these end when they are told to.
    private let tasks = BackgroundTasks()
    private let sqs: SQSClient
    private let delivery: QueuePoller.Delivery
    private let logger: Logger

    package init(sqs: SQSClient, delivery: QueuePoller.Delivery, logger: Logger) {
        self.sqs = sqs
        self.delivery = delivery
        self.logger = logger
    }

    package func start(_ mapping: EventSourceMapping) async {
        var logger = logger
        logger[metadataKey: "eventSourceMapping"] = "\(mapping.uuid)"
        logger[metadataKey: "function"] = "\(mapping.functionName)"
        guard mapping.kind == .sqs, let queue = mapping.settings.eventSourceARN.flatMap({ QueueARN($0) }) else {
            logger.warning(
                "event source is not polled: this server reads no source but Amazon SQS",
                metadata: ["source": "\(mapping.kind.title)"])
            return
        }
        guard sqs.isConfigured else {
            logger.warning("event source is not polled: this server was not told where SQS is, see --aws-endpoint")
            return
        }
        let poller = QueuePoller(
            mapping: mapping, queue: SQSQueue(client: sqs, queue: queue), isFIFO: queue.isFIFO, delivery: delivery,
            logger: logger)
        state.withLock { state in
            guard !state.isClosed else { return }
            state.pollers[mapping.uuid] = tasks.start { await poller.run() }
        }
    }

    /// Ends a mapping's polling. What has been taken from the queue is still delivered.
    func stop(_ uuid: String) async {
        guard let task = state.withLock({ $0.pollers.removeValue(forKey: uuid) }) else { return }
        task.cancel()
    }

    /// Takes no more from any queue.
    package func close() {
        state.withLock { $0.isClosed = true }
        tasks.cancelAll()
    }

    /// Returns when all that was taken has been delivered.
    package func drain() async { await tasks.drain() }
}
