internal import CLinux
import Glibc
import Synchronization
package import SystemPackage

/// A child process, held by its pidfd: it can be signalled and waited for without ever hitting another process that got its
/// number.
///
/// Dropped before it ended, it is killed.
package final class ChildProcess: Sendable {
    package let pid: CInt
    private let state: Mutex<State>

    private struct State {
        /// Nil: held by its number, which nobody else gets before it is reaped here.
        var pidfd: SharedDescriptor?
        var exit: ProcessExit?
    }

    /// Takes over a child that another process has made for this one (CLONE_PARENT).
    package init(pid: CInt, pidfd: SharedDescriptor) {
        self.pid = pid
        state = Mutex(State(pidfd: pidfd))
    }

    /// A child known by its number alone, as /proc lists it. `.noSuchProcess` when it has been reaped.
    package convenience init(child pid: CInt) throws(Errno) {
        self.init(pid: pid, pidfd: OwnedDescriptor(adopting: try shim { clinux_pidfd_open(pid) }).shared())
    }

    deinit {
        guard (try? signal(SIGKILL)) != nil else { return }
        // Ending takes the kernel a moment, and a deinit may run anywhere: not here.
        let pidfd = state.withLock { $0.pidfd }
        try? PosixThread.start { [pid] in
            var reaped = clinux_exit()
            _ = Self.reap(pid, pidfd, WEXITED, &reaped)
        }
    }

    /// Readable once the process has ended.
    package var pidfd: SharedDescriptor {
        get throws(Errno) {
            try state.withLock { state throws(Errno) in
                if let pidfd = state.pidfd { return pidfd }
                guard state.exit == nil else { throw .noSuchProcess }
                return OwnedDescriptor(adopting: try shim { clinux_pidfd_open(pid) }).shared()
            }
        }
    }

    /// Holds the process by its number from now on, where descriptors are scarce. Only if nobody else buries this process's
    /// children, not even ``ZombieReaper``.
    package func releaseDescriptor() { state.withLock { $0.pidfd = nil } }

    /// kill(2); `.noSuchProcess` once the process has been reaped.
    package func signal(_ signal: CInt) throws(Errno) {
        try state.withLock { state throws(Errno) in
            guard state.exit == nil else { throw .noSuchProcess }
            if let pidfd = state.pidfd {
                try pidfd.withRaw { raw throws(Errno) in _ = try shim { clinux_pidfd_send_signal(raw, signal) } }
            } else {
                try syscall { kill(pid, signal) }
            }
        }
    }

    /// proc_pid_oom_score_adj(5): from -1000, never, to 1000, first, whom the kernel kills when memory is out. What it forks
    /// inherits that. Less than it was needs CAP_SYS_RESOURCE.
    package func setOutOfMemoryScore(_ score: Int) throws(Errno) {
        try SmallFile.set(FilePath("/proc/\(pid)/oom_score_adj"), to: "\(score)")
    }

    /// How it ended, nil while it runs. Reaps it. Does not block.
    ///
    /// `.noChildProcess` when ``ZombieReaper`` was quicker.
    package func poll() throws(Errno) -> ProcessExit? {
        try state.withLock { state throws(Errno) in
            if let known = state.exit { return known }
            var reaped = clinux_exit()
            let pidfd = state.pidfd
            _ = try shim { Self.reap(pid, pidfd, WEXITED | WNOHANG, &reaped) }
            state.exit = reaped.pid == 0 ? nil : ProcessExit(reaped)
            return state.exit
        }
    }

    /// waitid(2) by whichever of the two it is held by.
    private static func reap(
        _ pid: CInt, _ pidfd: SharedDescriptor?, _ options: CInt, _ reaped: inout clinux_exit
    ) -> CInt {
        if let pidfd {
            pidfd.withRaw { clinux_wait_pidfd($0, options, &reaped) }
        } else {
            clinux_wait_pid(pid, options, &reaped)
        }
    }

    /// Waits until it has ended; nil when `limit` passed first. Blocks the thread.
    package func waitBlocking(atMost limit: Duration? = nil) throws(Errno) -> ProcessExit? {
        if let known = try poll() { return known }
        let pidfd: SharedDescriptor
        // Another thread may have reaped it since.
        do { pidfd = try self.pidfd } catch .noSuchProcess { return try poll() }
        return try pidfd.descriptor.wait(for: .readable, atMost: limit) ? try poll() : nil
    }

    /// Waits until it has ended; nil when `limit` passed first. Suspends, on a thread of its own; cancellation does not
    /// end the wait, the end of the process does.
    package func wait(atMost limit: Duration? = nil) async throws(Errno) -> ProcessExit? {
        if let known = try poll() { return known }
        return try await BlockingThread.run { () throws(Errno) in try self.waitBlocking(atMost: limit) }
    }

    /// Kills it, if it still runs, and waits until it is gone.
    @discardableResult
    package func end() async -> ProcessExit? {
        try? signal(SIGKILL)
        return try? await wait()
    }
}

/// How a process ended and what it used.
package struct ProcessExit: Sendable, Hashable {
    package enum Reason: Sendable, Hashable {
        case exited(status: CInt)
        case killed(signal: CInt, dumpedCore: Bool)
    }

    package let pid: CInt
    package let reason: Reason
    /// The most memory it had resident, itself or a child it waited for.
    package let peakResidentBytes: UInt64
    /// Time on a CPU, its waited-for children's included.
    package let cpuTime: Duration

    init(_ reaped: clinux_exit) {
        pid = reaped.pid
        reason =
            reaped.code == CInt(CLD_EXITED)
            ? .exited(status: reaped.status)
            : .killed(signal: reaped.status, dumpedCore: reaped.code == CInt(CLD_DUMPED))
        peakResidentBytes = UInt64(clamping: reaped.peak_resident_kilobytes) * 1024
        cpuTime = .microseconds(reaped.cpu_microseconds)
    }
}

/// What process 1 owes the processes whose parents are gone.
package enum ZombieReaper {
    /// waitid(2) for any child that has ended; nil when none has. Does not block. Call until nil after SIGCHLD.
    package static func next() throws(Errno) -> ProcessExit? {
        var reaped = clinux_exit()
        do {
            try shim { clinux_wait_any(WEXITED | WNOHANG, &reaped) }
        } catch .noChildProcess {
            return nil
        }
        return reaped.pid == 0 ? nil : ProcessExit(reaped)
    }
}
