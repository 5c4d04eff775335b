import Dispatch
import Foundation
package import Logging
import Synchronization
package import SystemPackage

/// The files under `<state-dir>/logs`, each line `TIME<TAB>TEXT`, `<TAB>TEXT` where an event goes on: one a log stream, or several where a stream is long.
///
/// Whoever logs only appends to a queue; one thread writes, each file's lines in the order of the queue, so that a slow disk
/// holds up no request and blocks no thread of the cooperative pool. It gathers what comes within some milliseconds: under
/// load waking it for each line would cost more than all the rest of an invocation's bookkeeping.
///
/// A function that logs too much loses lines of its own, and its log says how many and when; others are not touched.
package final class LogFiles: Sendable {
    private enum Entry {
        case append(LogFile, [UInt8])
        case close(LogFile)
        case flush(CheckedContinuation<Void, Never>)
        case sweep(Set<String>, CheckedContinuation<Void, Never>)
        case stop(CheckedContinuation<Void, Never>)

        /// Who waits for it.
        var waiter: CheckedContinuation<Void, Never>? {
            switch self {
            case .append, .close: nil
            case .flush(let waiter), .sweep(_, let waiter), .stop(let waiter): waiter
            }
        }
    }

    private struct Backlog {
        var entries: [Entry] = []
        var bytes = 0
        var budgets: [String: LogBudget] = [:]
        var drops: [LogFile: LogDrop] = [:]
        /// Functions that lost lines since the writer looked last, and why.
        var losers: [String: LogDrop.Reason] = [:]
        /// Whether the writer has ended.
        var isStopped = false
    }

    /// What may wait for the disk, in bytes: of all functions, and of one. What comes beyond is dropped and counted.
    private static let maximumBacklog = 64 << 20
    private static let maximumBacklogOfFunction = 8 << 20
    /// Functions whose budgets are kept though they are quiet.
    private static let quietBudgets = 256

    /// How long lines wait for others to be written with them.
    private static let gathering = DispatchTimeInterval.milliseconds(5)

    package let directory: FilePath
    private let limits: LogLimits
    private let clock: WorkerClock
    private let logger: Logger
    private let backlog = Mutex(Backlog())
    private let available = DispatchSemaphore(value: 0)
    /// Somebody waits: what is queued is to be written at once.
    private let urgent = DispatchSemaphore(value: 0)

    package init(directory: FilePath, limits: LogLimits = LogLimits(), clock: WorkerClock = .system, logger: Logger) {
        self.directory = directory
        self.limits = limits
        self.clock = clock
        self.logger = logger
        let thread = Thread { [self] in writeUntilStopped() }
        thread.name = "thaw-logs"
        thread.start()
    }

    package func file(function: String, stream: String) -> LogFile { LogFile(function: function, stream: stream) }

    /// - Parameter always: the platform's own lines, which are few and are kept however much the function logs.
    package func append(_ lines: [UInt8], to file: LogFile, always: Bool = false) {
        let isFirst = backlog.withLock { add(lines, to: file, always: always, &$0) }
        if isFirst { available.signal() }
    }

    /// True when the writer must be told.
    private func add(_ lines: [UInt8], to file: LogFile, always: Bool, _ backlog: inout Backlog) -> Bool {
        if backlog.isStopped { return false }
        let now = clock.now()
        var budget = backlog.budgets[file.function] ?? LogBudget(limits, at: now)
        defer { backlog.budgets[file.function] = budget }
        let isLate =
            backlog.bytes + lines.count > Self.maximumBacklog
            || !always && budget.queued > 0 && budget.queued + lines.count > Self.maximumBacklogOfFunction
        var reason: LogDrop.Reason?
        if !budget.take(lines.count, always: always, limits, at: now) {
            reason = .tooFast
        } else if isLate {
            reason = .diskTooSlow
        }
        if let reason {
            backlog.drops[file, default: LogDrop(reason, at: clock.wallClock())].add(lines, at: clock.wallClock())
            backlog.losers[file.function] = reason
            return false
        }
        let wasEmpty = backlog.entries.isEmpty
        noteDrops(of: file, &backlog)
        backlog.bytes += lines.count
        budget.queued += lines.count
        backlog.entries.append(.append(file, lines))
        return wasEmpty
    }

    /// Puts into the stream what it has lost up to here.
    private func noteDrops(of file: LogFile, _ backlog: inout Backlog) {
        guard let drop = backlog.drops.removeValue(forKey: file) else { return }
        backlog.entries.append(.append(file, drop.line(of: file, limits, at: clock.wallClock())))
    }

    package func close(_ file: LogFile) { enqueue(.close(file)) { self.noteDrops(of: file, &$0) } }

    /// Returns when everything appended before is in its file.
    package func flush() async { await withCheckedContinuation { enqueue(.flush($0), isUrgent: true) } }

    /// Removes what is too old or too much.
    ///
    /// - Parameter functions: those that there are; the logs of others go sooner.
    package func sweep(keeping functions: Set<String>) async {
        await withCheckedContinuation { enqueue(.sweep(functions, $0), isUrgent: true) }
    }

    /// Writes what is queued and ends the writer; what is appended later is lost, and nobody waits any more. Safe to call twice.
    package func stop() async {
        await withCheckedContinuation { waiter in
            enqueue(.stop(waiter), isUrgent: true) { backlog in
                for file in Array(backlog.drops.keys) { self.noteDrops(of: file, &backlog) }
            }
        }
    }

    private func enqueue(
        _ entry: Entry, isUrgent: Bool = false, before: (inout Backlog) -> Void = { _ in }
    ) {
        let isFirst = backlog.withLock { backlog -> Bool? in
            if backlog.isStopped { return nil }
            let wasEmpty = backlog.entries.isEmpty
            before(&backlog)
            backlog.entries.append(entry)
            return wasEmpty
        }
        guard let isFirst else {
            entry.waiter?.resume()
            return
        }
        if isFirst { available.signal() }
        if isUrgent { urgent.signal() }
    }

    // MARK: - The writer thread

    private func writeUntilStopped() {
        var files = OpenLogFiles(directory: directory, limits: limits, clock: clock, logger: logger)
        while true {
            available.wait()
            _ = urgent.wait(timeout: .now() + Self.gathering)
            let (entries, losers) = take()
            files.tell(losers)
            for (index, entry) in entries.enumerated() {
                switch entry {
                case .append(let file, let bytes): files.gather(bytes, for: file)
                case .close(let file): files.close(file)
                case .flush(let waiter):
                    files.writeGathered()
                    waiter.resume()
                case .sweep(let functions, let waiter):
                    files.writeGathered()
                    files.sweep(keeping: functions)
                    waiter.resume()
                case .stop(let waiter):
                    files.closeAll()
                    end(entries[(index + 1)...])
                    waiter.resume()
                    return
                }
            }
            files.writeGathered()
        }
    }

    /// Lets those go on who came after the end.
    private func end(_ rest: ArraySlice<Entry>) {
        let late = backlog.withLock { backlog in
            backlog.isStopped = true
            defer { backlog.entries = [] }
            return backlog.entries
        }
        for entry in rest + late { entry.waiter?.resume() }
    }

    private func take() -> ([Entry], [String: LogDrop.Reason]) {
        let now = clock.now()
        return backlog.withLock { backlog in
            defer {
                (backlog.entries, backlog.losers, backlog.bytes) = ([], [:], 0)
                // In place: a loop over the dictionary itself would have it copied.
                var index = backlog.budgets.startIndex
                while index != backlog.budgets.endIndex {
                    backlog.budgets.values[index].queued = 0
                    backlog.budgets.formIndex(after: &index)
                }
                if backlog.budgets.count > Self.quietBudgets {
                    for name in Array(backlog.budgets.keys) where backlog.budgets[name]?.isFull(limits, at: now) == true
                    {
                        backlog.budgets[name] = nil
                    }
                }
            }
            return (backlog.entries, backlog.losers)
        }
    }
}
