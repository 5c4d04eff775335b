internal import CLinux
import Glibc

/// The general registers of a stopped x86-64 thread.
package struct ThreadRegisters: Sendable {
    var raw: user_regs_struct

    init(_ raw: user_regs_struct) { self.raw = raw }

    package var instructionPointer: UInt64 {
        get { UInt64(raw.rip) }
        set { raw.rip = .init(newValue) }
    }
    package var stackPointer: UInt64 { UInt64(raw.rsp) }
    /// RAX: the result of a system call.
    package var result: UInt64 {
        get { UInt64(raw.rax) }
        set { raw.rax = .init(newValue) }
    }
    /// The number of the system call the thread is in, nil when it is in none.
    package var systemCall: UInt64? { Int64(bitPattern: UInt64(raw.orig_rax)) < 0 ? nil : UInt64(raw.orig_rax) }
    package var fsBase: UInt64 { UInt64(raw.fs_base) }
    package var gsBase: UInt64 { UInt64(raw.gs_base) }
    package var flags: UInt64 { UInt64(raw.eflags) }
    package var codeSegment: UInt16 { UInt16(truncatingIfNeeded: raw.cs) }
    package var stackSegment: UInt16 { UInt16(truncatingIfNeeded: raw.ss) }

    /// R8 to R15, RDI, RSI, RBP, RBX, RDX, RAX, RCX, RSP, RIP: the order of `struct sigcontext`.
    package var inSignalFrameOrder: [UInt64] {
        [
            raw.r8, raw.r9, raw.r10, raw.r11, raw.r12, raw.r13, raw.r14, raw.r15, raw.rdi, raw.rsi, raw.rbp, raw.rbx,
            raw.rdx, raw.rax, raw.rcx, raw.rsp, raw.rip,
        ].map { UInt64($0) }
    }
}

/// Where a thread told rseq(2) its area is.
package struct RestartableSequences: Sendable, Equatable {
    package let address: UInt64
    package let size: UInt32
    package let signature: UInt32
}

/// Where a thread told set_robust_list(2) its list is.
package struct RobustList: Sendable, Equatable {
    package let head: UInt64
    package let size: UInt64
}
