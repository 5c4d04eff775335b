package import FunctionModel

/// What a worker tells whoever measures it.
package enum WorkerEvent: Sendable {
    /// An invocation has its answer.
    case invoked(InvocationRecord)
    /// One step of a publish has ended.
    case publishStep(PublishStep, Duration, succeeded: Bool)
    /// A publish has ended: well, or with a `StateReasonCode`.
    case publishEnded(failure: String?)
}

/// One invocation as an observer sees it.
package struct InvocationRecord: Sendable {
    /// How its sandbox came to be.
    package enum Start: String, Sendable, CaseIterable {
        case warm, thawed, booted
    }

    package enum Outcome: String, Sendable, CaseIterable {
        case success
        /// The function's own error, its exit and its memory included.
        case functionError = "function_error"
        case timeout
        /// 429: all sandboxes are in use.
        case throttled
        /// Any other answer that is the client's to mend: a version that is not ready, a hook that failed.
        case refused
        /// The server's own failure.
        case failed
    }

    package var functionName: String
    package var version: FunctionVersion
    package var outcome: Outcome
    /// Nil where it got no sandbox.
    package var start: Start?
    /// From its arrival to its sandbox, or to the end of the attempt.
    package var preparation: Duration
    /// From the event's handing over to the answer.
    package var duration: Duration

    package init(
        functionName: String, version: FunctionVersion, outcome: Outcome, start: Start?, preparation: Duration,
        duration: Duration
    ) {
        self.functionName = functionName
        self.version = version
        self.outcome = outcome
        self.start = start
        self.preparation = preparation
        self.duration = duration
    }
}

/// The steps of a publish that take time, in their order.
package enum PublishStep: String, Sendable, CaseIterable {
    /// The runtime's base image is found.
    case image
    /// The code's image is made, and what the sandbox is made from is written down.
    case specification
    /// Boot, init and before-snapshot hooks.
    case initialization
    case freeze
    /// Digests and fsync.
    case commit
    /// What clones are made of is brought into memory.
    case warm
    /// The version becomes `Active`.
    case install
}

/// Called on the way of what it reports: it must return at once.
package typealias WorkerObserver = @Sendable (WorkerEvent) -> Void
