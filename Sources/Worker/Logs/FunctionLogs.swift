internal import FunctionModel

/// Opens the log of each new sandbox.
struct FunctionLogs: Sendable {
    let files: LogFiles
    let clock: WorkerClock

    /// - Parameter isKept: of one that provisioned concurrency keeps ready.
    func open(_ function: FunctionConfiguration, isKept: Bool = false) -> LogStream {
        LogStream(
            of: function, InitializationType(function, isKept: isKept), files: files, clock: clock)
    }
}
