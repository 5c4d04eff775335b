import Glibc
package import SystemPackage

/// How many descriptors this process may have open (RLIMIT_NOFILE of setrlimit(2)).
package enum OpenFileLimit {
    /// What the kernel would let any process have is beyond what it can use; more only costs tables.
    private static let sensible: rlim_t = 1 << 20

    /// Raises it as far as it goes; root may go up to fs.nr_open. Children inherit it, unless their plan says otherwise.
    /// - Returns: the limit from now on.
    @discardableResult
    package static func raise() throws(Errno) -> UInt64 {
        var limit = rlimit()
        try syscall { getrlimit(ProcessLimit.openFiles.rawValue, &limit) }
        let text = (try? SmallFile.text("/proc/sys/fs/nr_open")) ?? ""
        let most = min(rlim_t(text.filter { $0 != "\n" }) ?? limit.rlim_max, sensible)
        for wanted in [most, limit.rlim_max] where wanted > limit.rlim_cur {
            var raised = rlimit(rlim_cur: wanted, rlim_max: max(wanted, limit.rlim_max))
            if setrlimit(ProcessLimit.openFiles.rawValue, &raised) == 0 { return UInt64(wanted) }
        }
        return UInt64(limit.rlim_cur)
    }
}
