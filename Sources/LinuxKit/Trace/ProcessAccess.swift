internal import CLinux
package import SystemPackage

/// Another process's memory, descriptors and limits, by its pid. Needs the right to trace it.
package struct ProcessAccess: Sendable {
    package let pid: CInt
    private let pidfd: SharedDescriptor
    private let memory: SharedDescriptor
    /// What it has in memory.
    package let pageTable: PageTable

    package init(pid: CInt) throws(Errno) {
        self.pid = pid
        pidfd = OwnedDescriptor(adopting: try shim { clinux_pidfd_open(pid) }).shared()
        memory = try OwnedDescriptor.open(FilePath("/proc/\(pid)/mem"), .readOnly).shared()
        pageTable = try PageTable(of: pid)
    }

    /// Fills `buffer` from the process's memory at `address`; fewer bytes when what follows cannot be read.
    ///
    /// By process_vm_readv(2), which takes half the time of /proc/PID/mem, but not what the process itself may not read.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at address: UInt64) throws(Errno) -> Int {
        if clinux_read_memory(pid, buffer.baseAddress, buffer.count, address) == buffer.count { return buffer.count }
        guard let offset = Int64(exactly: address) else { throw .badAddress }
        return try memory.descriptor.read(into: buffer, at: offset)
    }

    /// `count` bytes at `address`, all of them or `.badAddress`.
    package func bytes(_ count: Int, at address: UInt64) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let outcome = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(Errno) in try read(into: buffer, at: address) }
        }
        guard try outcome.get() == count else { throw .badAddress }
        return bytes
    }

    /// A 64-bit word at `address`.
    package func word(at address: UInt64) throws(Errno) -> UInt64 {
        try bytes(8, at: address).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }

    /// A second descriptor of one the process has: pidfd_getfd(2).
    package func descriptor(_ number: CInt) throws(Errno) -> OwnedDescriptor {
        OwnedDescriptor(
            adopting: try pidfd.withRaw { raw throws(Errno) in try shim { clinux_pidfd_getfd(raw, number) } })
    }

    /// pidfd_send_signal(2).
    package func signal(_ signal: CInt) throws(Errno) {
        try pidfd.withRaw { raw throws(Errno) in _ = try shim { clinux_pidfd_send_signal(raw, signal) } }
    }

    /// Whether one of its descriptors and one of `other`'s share one open file: kcmp(2).
    package func sharesOpenFile(_ own: CInt, with other: ProcessAccess, _ number: CInt) throws(Errno) -> Bool {
        try shim { clinux_same_open_file(pid, own, other.pid, number) } == 0
    }

    /// Whether what `epoll` watches under the number `watched` is what the process has under it now.
    package func isWatched(_ watched: CInt, by epoll: CInt) throws(Errno) -> Bool {
        try shim { clinux_same_watched_file(pid, watched, epoll, watched, 0) } == 0
    }

    /// Soft and hard limit of each resource, by RLIMIT_ number. From a text: prlimit(2) would take CAP_SYS_RESOURCE, which no other way to
    /// look at a process takes.
    package func limits() throws(Errno) -> [(soft: UInt64, hard: UInt64)] {
        try ProcText(of: "/proc/\(pid)/limits").resourceLimits
    }

    /// Whether a descriptor's file sends signals to somebody (F_SETOWN), or another signal than the usual one (F_SETSIG).
    package func hasSignalOwner(_ number: CInt) throws(Errno) -> Bool {
        try descriptor(number).withRaw { raw throws(Errno) in try shim { clinux_has_signal_owner(raw) } } != 0
    }

    /// Whether an epoll polls network devices: EPIOCSPARAMS.
    package func isBusyPolling(_ epoll: CInt) throws(Errno) -> Bool {
        try descriptor(epoll).withRaw { clinux_is_busy_polling($0) } != 0
    }

    package func nice() throws(Errno) -> CInt {
        var nice: CInt = 0
        try shim { clinux_get_nice(pid, &nice) }
        return nice
    }
}
