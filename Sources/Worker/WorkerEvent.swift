package import FunctionModel

/// What a worker tells whoever measures it.
package enum WorkerEvent: Sendable {
    /// A sandbox was booted for an invocation.
    case initialized(String, FunctionVersion, Duration)
    /// A clone was thawed.
    case restored(String, FunctionVersion, Duration)
    case published(String, FunctionVersion, PublishTimes)
}

/// Where the time of a publish went.
package struct PublishTimes: Sendable {
    /// From the start of the sandbox to the end of the before-snapshot hooks.
    package var initialization: Duration
    /// From "the guest stands still" to "its state is written".
    package var pause: Duration
    /// From "the state is written" to "the snapshot is durable and has its place in the store".
    package var commit: Duration
}

/// Called on the way of what it reports: it must return at once.
package typealias WorkerObserver = @Sendable (WorkerEvent) -> Void
