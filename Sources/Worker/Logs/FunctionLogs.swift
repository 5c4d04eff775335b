internal import FunctionModel

/// Opens the log of each new sandbox.
struct FunctionLogs: Sendable {
    let files: LogFiles
    let clock: WorkerClock

    func open(_ function: FunctionConfiguration) -> LogStream {
        LogStream(of: function, files: files, clock: clock)
    }
}
