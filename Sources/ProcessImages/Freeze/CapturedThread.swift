import LinuxKit
import SystemPackage

/// Everything a thread is, but its memory.
struct CapturedThread {
    /// In the sandbox's pid namespace.
    let tid: UInt32
    let name: [UInt8]
    /// As they are to go on: not inside a system call, not inside an rseq section.
    let registers: ThreadRegisters
    let extendedState: [UInt8]
    let signalMask: UInt64
    let alternateStack: AlternateStack
    let restartableSequences: RestartableSequences?
    let robustList: RobustList?
    let clearChildTID: UInt64
    /// PR_SET_PDEATHSIG; 0 is none.
    let parentDeathSignal: UInt32
    /// PR_SET_TSC; 1 is the usual one.
    let timeStampMode: UInt32
    let settings: ThreadSettings
}

/// `stack_t` of sigaltstack(2).
struct AlternateStack: Equatable {
    var address: UInt64
    var flags: UInt32
    var size: UInt64

    static let onStack: UInt32 = 1

    /// As sigaltstack(2) takes it: whether the thread is on it just now follows from its stack pointer.
    init(address: UInt64, flags: UInt32, size: UInt64) {
        self.address = address
        self.flags = flags & ~Self.onStack
        self.size = size
    }
}

/// What stands in a stopped thread's registers, made fit to go on from.
enum ThreadResumption {
    /// Where a thread inside a restartable sequence must go on, or nil when it is in none. Being stopped aborts the sequence,
    /// as being preempted does; the kernel forgets the sequence when the thread runs next.
    static func abortAddress(
        at instruction: UInt64, _ rseq: RestartableSequences, in process: ProcessAccess
    ) throws(Errno) -> UInt64? {
        // struct rseq: cpu ids, then rseq_cs at 8; struct rseq_cs: version, flags, start, length, abort address.
        let descriptor = try process.word(at: rseq.address + 8)
        guard descriptor != 0 else { return nil }
        let words = try process.bytes(32, at: descriptor)
        let (start, length, abort) = words.withUnsafeBytes {
            (
                $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
                $0.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
            )
        }
        return instruction &- start < length ? abort : nil
    }

    /// Registers with which the interrupted system call is made again: rt_sigreturn(2), unlike the end of an interrupt,
    /// restarts none. A call with a time limit gets all of it anew.
    static func restartingSystemCall(_ registers: ThreadRegisters) -> ThreadRegisters {
        // ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK: the kernel's own, never seen by a program.
        let restarts: [Int64] = [-512, -513, -514, -516]
        guard let number = registers.systemCall, restarts.contains(Int64(bitPattern: registers.result)) else {
            return registers
        }
        var again = registers
        again.result = number
        again.instructionPointer -= 2  // `syscall` has two bytes
        return again
    }
}
