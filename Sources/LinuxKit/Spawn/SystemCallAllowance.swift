internal import CLinux

/// The system calls that a program may make; all others fail with ENOSYS, as on a kernel that does not have them.
package struct SystemCallAllowance: Sendable {
    private let calls: [CInt]

    /// To compute, and to read and write what is open: no new process or thread, no socket, no other process.
    package static let filesInHand = SystemCallAllowance(
        calls: [
            __NR_read, __NR_readv, __NR_pread64, __NR_write, __NR_writev, __NR_pwrite64, __NR_lseek, __NR_openat,
            __NR_close,
            __NR_close_range, __NR_dup, __NR_dup3, __NR_fcntl, __NR_fstat, __NR_newfstatat, __NR_statx, __NR_readlinkat,
            __NR_flistxattr,
            __NR_faccessat, __NR_getdents64, __NR_ftruncate, __NR_fallocate,
            __NR_mmap, __NR_mprotect, __NR_mremap, __NR_munmap, __NR_madvise, __NR_brk, __NR_futex,
            __NR_rt_sigaction, __NR_rt_sigprocmask, __NR_rt_sigreturn, __NR_sigaltstack, __NR_tgkill,
            __NR_getpid, __NR_gettid, __NR_getuid, __NR_geteuid, __NR_getgid, __NR_getegid, __NR_uname, __NR_sysinfo,
            __NR_prlimit64, __NR_getrandom, __NR_sched_getaffinity, __NR_sched_yield, __NR_getcpu, __NR_membarrier,
            __NR_clock_gettime, __NR_clock_getres, __NR_clock_nanosleep, __NR_gettimeofday,
            __NR_set_tid_address, __NR_set_robust_list, __NR_rseq, __NR_exit, __NR_exit_group, __NR_execveat,
        ] + ofThisProcessor)

    #if arch(x86_64)
    private static let architecture: UInt32 = 62 | 0xc000_0000  // EM_X86_64, 64 bits, little-endian
    private static let ofThisProcessor: [CInt] = [
        __NR_access, __NR_arch_prctl, __NR_dup2, __NR_open, __NR_poll, __NR_readlink, __NR_stat, __NR_lstat, __NR_time,
    ]
    #else
    private static let architecture: UInt32 = 183 | 0xc000_0000  // EM_AARCH64
    private static let ofThisProcessor: [CInt] = []
    #endif

    /// An array of `struct sock_filter`, for ``SpawnStep/systemCallFilter(_:)``.
    package var filter: [UInt8] {
        let load = UInt16(BPF_LD | BPF_W | BPF_ABS)
        let equal = UInt16(BPF_JMP | BPF_JEQ | BPF_K)
        let answer = UInt16(BPF_RET | BPF_K)
        // Of struct seccomp_data: the number first, then the architecture.
        var program = Self.instruction(load, 4)
        program += Self.instruction(equal, Self.architecture, then: 1)
        program += Self.instruction(answer, 0x8000_0000)  // SECCOMP_RET_KILL_PROCESS
        program += Self.instruction(load, 0)
        for (index, call) in calls.enumerated() {
            program += Self.instruction(equal, UInt32(bitPattern: call), then: UInt8(calls.count - index))
        }
        program += Self.instruction(answer, 0x0005_0000 | 38)  // SECCOMP_RET_ERRNO, ENOSYS
        program += Self.instruction(answer, 0x7fff_0000)  // SECCOMP_RET_ALLOW
        return program
    }

    private static func instruction(_ code: UInt16, _ value: UInt32, then skipped: UInt8 = 0) -> [UInt8] {
        withUnsafeBytes(of: code, Array.init) + [skipped, 0] + withUnsafeBytes(of: value, Array.init)
    }
}
