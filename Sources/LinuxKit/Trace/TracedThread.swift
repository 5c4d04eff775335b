internal import CLinux
import Glibc
package import SystemPackage

/// A thread of another process under ptrace(2). Use it from the thread that seized it, and no other; when that one ends, the
/// kernel lets go of everything it traces.
package struct TracedThread: Sendable {
    /// In this process's pid namespace.
    package let tid: CInt

    package enum Stop: Sendable, Equatable {
        case none
        /// Stopped by ``interrupt()``, outside of user code.
        case interrupted
        /// Stopped because `signal` is about to be delivered.
        case signal(CInt)
        /// Stopped by job control.
        case jobControl
        case ended
    }

    /// PTRACE_SEIZE: the thread goes on until ``interrupt()``.
    package static func seize(_ tid: CInt) throws(Errno) -> TracedThread {
        try shim { clinux_trace_seize(tid) }
        return TracedThread(tid: tid)
    }

    /// PTRACE_INTERRUPT.
    package func interrupt() throws(Errno) { try shim { clinux_trace_interrupt(tid) } }

    /// PTRACE_CONT; `signal` is delivered, 0 is none.
    package func resume(signal: CInt = 0) throws(Errno) { try shim { clinux_trace_resume(tid, signal) } }

    /// PTRACE_DETACH: the thread goes on.
    package func detach() throws(Errno) { try shim { clinux_trace_detach(tid) } }

    /// How the thread stopped, waited for if `blocking`. Reaps nothing.
    package func stop(blocking: Bool) throws(Errno) -> Stop {
        var stop = clinux_stop()
        try shim { clinux_trace_wait(tid, blocking ? 1 : 0, &stop) }
        return switch clinux_stop_kind(stop.kind) {
        case CLINUX_STOP_TRACE: .interrupted
        case CLINUX_STOP_SIGNAL: .signal(stop.signal)
        case CLINUX_STOP_GROUP: .jobControl
        case CLINUX_STOP_ENDED: .ended
        default: .none
        }
    }

    package func registers() throws(Errno) -> ThreadRegisters {
        var raw = user_regs_struct()
        try shim { clinux_trace_get_registers(tid, &raw) }
        return ThreadRegisters(raw)
    }

    package func setRegisters(_ registers: ThreadRegisters) throws(Errno) {
        var raw = registers.raw
        try shim { clinux_trace_set_registers(tid, &raw) }
    }

    /// The xsave area, in the standard format.
    package func extendedState() throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, used in
            let result = clinux_trace_get_xstate(tid, buffer.baseAddress, buffer.count)
            if result < 0 { failure = Errno(rawValue: -result) } else { used = Int(result) }
        }
        if let failure { throw failure }
        return bytes
    }

    package func signalMask() throws(Errno) -> UInt64 {
        var mask: UInt64 = 0
        try shim { clinux_trace_get_signal_mask(tid, &mask) }
        return mask
    }

    package func setSignalMask(_ mask: UInt64) throws(Errno) {
        try shim { clinux_trace_set_signal_mask(tid, mask) }
    }

    /// Nil when the thread has registered none.
    package func restartableSequences() throws(Errno) -> RestartableSequences? {
        var rseq = clinux_rseq()
        try shim { clinux_trace_get_rseq(tid, &rseq) }
        guard rseq.address != 0 else { return nil }
        return RestartableSequences(address: rseq.address, size: rseq.size, signature: rseq.signature)
    }

    /// ioprio_get(2) of any thread, by its number in this pid namespace; 0 is none of its own.
    package static func ioPriority(of tid: CInt) throws(Errno) -> CInt { try shim { clinux_get_io_priority(tid) } }

    /// Whether the stopped thread has its system calls dispatched: PR_SET_SYSCALL_USER_DISPATCH.
    package var dispatchesSystemCalls: Bool { clinux_trace_has_dispatch(tid) > 0 }

    /// What of a thread's scheduling is not in /proc.
    package struct Schedule: Sendable, Equatable {
        /// SCHED_FLAG_…
        package let flags: UInt64
        /// Nanoseconds; 0 where the kernel has none for single threads.
        package let slice: UInt64
        /// Least and most utilisation; zeros where the kernel has no clamps.
        package let clamps: [UInt32]
    }

    /// sched_getattr(2) of any thread; 0 is the calling one.
    package static func schedule(of tid: CInt) throws(Errno) -> Schedule {
        var schedule = clinux_schedule()
        try shim { clinux_get_schedule(tid, &schedule) }
        return Schedule(
            flags: schedule.flags, slice: schedule.slice, clamps: [schedule.least_use, schedule.most_use])
    }

    /// Whether two threads have one table of descriptors: kcmp(2).
    package static func shareDescriptors(_ first: CInt, _ second: CInt) throws(Errno) -> Bool {
        try shim { clinux_same_descriptors(first, second) } == 0
    }

    /// Whether two threads have one root, working directory and umask: kcmp(2).
    package static func shareDirectories(_ first: CInt, _ second: CInt) throws(Errno) -> Bool {
        try shim { clinux_same_directories(first, second) } == 0
    }

    /// Whether two threads have one memory: kcmp(2).
    package static func shareMemory(_ first: CInt, _ second: CInt) throws(Errno) -> Bool {
        try shim { clinux_same_memory(first, second) } == 0
    }

    /// Nil when the thread has registered none.
    package func robustList() throws(Errno) -> RobustList? {
        var head: UInt64 = 0
        var size: UInt64 = 0
        try shim { clinux_get_robust_list(tid, &head, &size) }
        return head == 0 ? nil : RobustList(head: head, size: size)
    }

    /// Makes the stopped thread run one system call, through the `syscall` instruction at `instruction`, and returns what
    /// the kernel answered. The thread's signals must be blocked; its registers are left changed.
    ///
    /// - Parameter registers: those the thread has; the call's own are put over a copy of them.
    package func call(
        _ number: Int, _ arguments: [UInt64] = [], from registers: ThreadRegisters, at instruction: UInt64
    ) throws(Errno) -> UInt64 {
        var raw = registers.raw
        let padded = arguments + [UInt64](repeating: 0, count: max(0, 6 - arguments.count))
        var result: Int64 = 0
        // Not through `shim`: a call that was disturbed must not be repeated behind the caller's back.
        let code = clinux_trace_call(tid, &raw, instruction, number, padded, &result)
        guard code >= 0 else { throw Errno(rawValue: -code) }
        guard result >= 0 || result < -4095 else { throw Errno(rawValue: CInt(-result)) }
        return UInt64(bitPattern: result)
    }
}
