import Glibc
import LinuxKit
import SystemPackage

/// A process all of whose threads are stopped under ptrace(2), by the thread that made this.
struct StoppedProcess {
    /// The leader first.
    let threads: [TracedThread]
    /// It was stopped before, by SIGSTOP or a terminal.
    let isUnderJobControl: Bool

    private static let patience = Duration.seconds(5)

    /// Stops every thread, also those that others start meanwhile.
    static func stop(_ pid: CInt) throws(FreezeError) -> StoppedProcess {
        var stopping = Stopping(pid: pid, deadline: MonotonicClock.now() + UInt64(patience.nanoseconds))
        do {
            repeat { while try stopping.stopNewThreads() {} } while try stopping.takeSignals()
        } catch {
            release(stopping.threads)
            throw error
        }
        guard stopping.threads.first?.tid == pid else {
            release(stopping.threads)
            throw .failed("the runtime, process \(pid), has ended")
        }
        return StoppedProcess(threads: stopping.threads, isUnderJobControl: stopping.isUnderJobControl)
    }

    /// Lets it go on.
    func release() { Self.release(threads) }

    private static func release(_ threads: [TracedThread]) {
        for thread in threads { try? thread.detach() }
    }

    /// Lets go of it without letting it run: it stands under SIGSTOP then, and runs not one instruction in between.
    ///
    /// The leader is let go first. It takes the signal before it returns to user code, and that makes the kernel stop every
    /// other thread as soon as it is let go.
    func leaveStopped(_ process: ProcessAccess) throws(Errno) {
        guard let leader = threads.first else { return }
        try process.signal(SIGSTOP)
        try leader.detach()
        let deadline = MonotonicClock.now() + UInt64(Self.patience.nanoseconds)
        func wait(for thread: TracedThread) throws(Errno) {
            while try Self.mayStillRun(thread.tid), MonotonicClock.now() < deadline { sched_yield() }
        }
        try wait(for: leader)
        for thread in threads.dropFirst() { try? thread.detach() }
        for thread in threads.dropFirst() { try wait(for: thread) }
    }

    private static func mayStillRun(_ tid: CInt) throws(Errno) -> Bool {
        guard let state = try state(of: "\(tid)") else { return false }
        return state != UInt8(ascii: "T") && state != UInt8(ascii: "Z")
    }

    /// Whether a thread of a process runs, or would.
    static func isAtWork(_ pid: CInt) -> Bool {
        let threads = (try? Directory.entries(FilePath("/proc/\(pid)/task"))) ?? []
        return threads.contains { (try? state(of: "\(pid)/task/\($0)")) == UInt8(ascii: "R") }
    }

    /// The letter of proc_pid_stat(5).
    private static func state(of thread: String) throws(Errno) -> UInt8? {
        let stat = try ProcText(of: "/proc/\(thread)/stat").bytes
        // After the name, which may hold anything and ends with the last parenthesis.
        guard let end = stat.lastIndex(of: UInt8(ascii: ")")), end + 2 < stat.count else { return nil }
        return stat[end + 2]
    }

    fileprivate static var patienceText: String { "\(patience.components.seconds) s" }
}

/// A process on its way to ``StoppedProcess``.
private struct Stopping {
    let pid: CInt
    let deadline: UInt64
    var threads: [TracedThread] = []
    var isUnderJobControl = false
    private var seen: Set<CInt> = []

    init(pid: CInt, deadline: UInt64) {
        self.pid = pid
        self.deadline = deadline
    }

    /// False when there were none.
    mutating func stopNewThreads() throws(FreezeError) -> Bool {
        let listed: [CInt]
        do {
            listed = try Directory.entries(FilePath("/proc/\(pid)/task")).compactMap { CInt($0) }
        } catch {
            throw .failed("the runtime, process \(pid), has ended")
        }
        // The leader first, whatever the order of the numbers.
        let new = listed.filter { !seen.contains($0) }.sorted { $0 == pid || ($1 != pid && $0 < $1) }
        var seized: [TracedThread] = []
        for tid in new {
            seen.insert(tid)
            if let thread = try seize(tid) { seized.append(thread) }
        }
        for (index, thread) in seized.enumerated() {
            do {
                if try settle(thread) { threads.append(thread) }
            } catch {
                threads += seized[index...]
                throw error
            }
        }
        return !new.isEmpty
    }

    /// Lets threads take the signals that are on their way to them: a handler that has begun is a part of their state. False
    /// when there were none.
    mutating func takeSignals() throws(FreezeError) -> Bool {
        var isAny = false
        for thread in threads where isSignalDue(thread.tid) {
            isAny = true
            do { try thread.resume() } catch { continue }
            // It stops where the signal is delivered, and right after that.
            guard try settle(thread, interrupting: true) else {
                throw .failed("the runtime, process \(pid), has ended")
            }
        }
        return isAny
    }

    private func isSignalDue(_ tid: CInt) -> Bool {
        guard let status = try? ProcText(of: "/proc/\(pid)/task/\(tid)/status") else { return false }
        func set(_ name: String) -> UInt64 { status.number(name, radix: 16) ?? 0 }
        return (set("SigPnd") | set("ShdPnd")) & ~set("SigBlk") != 0
    }

    private func seize(_ tid: CInt) throws(FreezeError) -> TracedThread? {
        do {
            let thread = try TracedThread.seize(tid)
            try thread.interrupt()
            return thread
        } catch .noSuchProcess {
            return nil  // ended meanwhile
        } catch {
            throw Self.unreachable(tid, of: pid, error)
        }
    }

    private static func unreachable(_ tid: CInt, of pid: CInt, _ error: Errno) -> FreezeError {
        let status = try? ProcText(of: "/proc/\(pid)/task/\(tid)/status")
        var refusals = Refusals()
        if status?.value("State")?.hasPrefix("Z") == true {
            refusals.add("the runtime's main thread has ended while others go on", "keep it running, or let all end")
        } else if let tracer = status?.number("TracerPid"), tracer != 0 {
            refusals.add("the runtime is traced by process \(tracer)", "end the debugger or strace")
        }
        guard refusals.all.isEmpty else { return .refused(refusals.all) }
        return .failed("cannot trace thread \(tid) of process \(pid): \(error). Run as root.")
    }

    /// Waits until the interrupted thread stands still; false when it ended instead.
    /// - Parameter interrupting: it has not been interrupted yet, and is to be as soon as it takes a signal.
    private mutating func settle(
        _ thread: TracedThread, interrupting: Bool = false
    ) throws(FreezeError) -> Bool {
        var rounds = 0
        while true {
            do {
                switch try thread.stop(blocking: false) {
                case .interrupted: return true
                case .ended: return false
                case .jobControl:
                    isUnderJobControl = true
                    return true
                // Its handler's frame is part of the thread's state then; the interrupt is still due.
                case .signal(let signal):
                    if interrupting { try thread.interrupt() }
                    try thread.resume(signal: signal)
                case .none: break
                }
            } catch {
                return false
            }
            guard MonotonicClock.now() < deadline else {
                let refusal = Refusal(
                    finding: "thread \(thread.tid) has been in the kernel for \(StoppedProcess.patienceText)",
                    remedy: "let it finish what it does before the snapshot", patience: .none)
                throw .refused([refusal])
            }
            rounds += 1
            // The signal may have come to nothing.
            if interrupting, rounds == 100 { try? thread.interrupt() }
            if rounds < 200 { sched_yield() } else { usleep(100) }
        }
    }
}
