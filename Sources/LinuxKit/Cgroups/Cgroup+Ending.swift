internal import CLinux
import Glibc
internal import SystemPackage

extension Cgroup {
    /// The processes in it, as their numbers stand now.
    package func members() throws(CgroupError) -> [CInt] {
        var members: Set<CInt> = []
        for directory in directories {
            let file = directory.appending("cgroup.procs")
            guard FileStatus.exists(file) else { continue }
            members.formUnion(try SmallFile.cgroup(file).split(separator: "\n").compactMap { CInt($0) })
        }
        return members.sorted()
    }

    /// The most memory it ever used, in bytes; nil where the kernel does not say (version 2 before Linux 5.19).
    package func peakMemoryBytes() -> UInt64? {
        memoryNumber(version == .two ? "memory.peak" : "memory.max_usage_in_bytes")
    }

    /// What it uses now, in bytes, page cache included.
    package func memoryBytes() -> UInt64? {
        memoryNumber(version == .two ? "memory.current" : "memory.usage_in_bytes")
    }

    /// How often the kernel killed members for want of memory.
    package func memoryKills() -> Int {
        let file = version == .two ? "memory.events" : "memory.oom_control"
        guard let memory, let text = try? SmallFile.cgroup(memory.appending(file)) else { return 0 }
        func count(_ key: String) -> Int {
            let line = text.split(separator: "\n").first { $0.hasPrefix(key + " ") }
            return line.flatMap { Int($0.dropFirst(key.count + 1)) } ?? 0
        }
        // All members at once, of whom the other counts the first one twice.
        let together = count("oom_group_kill")
        return together > 0 ? together : count("oom_kill")
    }

    private func memoryNumber(_ file: String) -> UInt64? {
        guard let memory, let text = try? SmallFile.cgroup(memory.appending(file)) else { return nil }
        return UInt64(text.filter { $0 != "\n" })
    }

    /// Kills every member and waits until they are gone, at most 5 s. Blocks.
    ///
    /// `cgroup.kill` where the kernel has it (5.14). Else round by round, by pidfd; frozen meanwhile in version 1, so that
    /// nothing forks away.
    package func killAll() throws(CgroupError) {
        let deadline = MonotonicClock.now() + 5_000_000_000
        freeze(true)
        var isFrozen = true
        while true {
            let members = try self.members()
            if members.isEmpty { break }
            guard MonotonicClock.now() < deadline else {
                freeze(false)
                throw CgroupError(
                    code: .busy, path: directories.first ?? "", errno: nil,
                    message: "processes \(members) of cgroup \(name) do not end: see /proc/PID/stack")
            }
            // Opened before the kill, so that the wait is for the process that was a member.
            let doomed = members.compactMap { pid in
                let raw = clinux_pidfd_open(pid)
                return raw < 0 ? nil : OwnedDescriptor(adopting: raw).shared()
            }
            if !killAtOnce() {
                for process in doomed { _ = process.withRaw { clinux_pidfd_send_signal($0, SIGKILL) } }
            }
            if isFrozen {
                freeze(false)
                isFrozen = false
            }
            for process in doomed { try? process.descriptor.waitReadable(until: deadline) }
        }
        if isFrozen { freeze(false) }
    }

    /// Ends the members and removes the cgroup. One that is already gone is fine. Blocks, at most 5 s.
    package func remove() throws(CgroupError) {
        try killAll()
        let deadline = MonotonicClock.now() + 5_000_000_000
        for directory in directories {
            while true {
                do {
                    try Directory.remove(directory)
                    break
                } catch .noSuchFileOrDirectory {
                    break
                } catch .resourceBusy where MonotonicClock.now() < deadline {
                    // A member that has ended still counts until its parent has reaped it or the kernel let go of it, and
                    // nothing tells when that is.
                    usleep(500)
                } catch {
                    throw CgroupError(
                        code: error == .resourceBusy ? .busy : .refused, path: directory, errno: error,
                        message: "cannot remove cgroup \(directory)")
                }
            }
        }
    }

    private func killAtOnce() -> Bool {
        guard version == .two, let directory = directories.first else { return false }
        let file = directory.appending("cgroup.kill")
        return FileStatus.exists(file) && (try? SmallFile.setCgroup(file, to: "1")) != nil
    }

    private func freeze(_ frozen: Bool) {
        guard let freezer else { return }
        try? SmallFile.setCgroup(freezer.appending("freezer.state"), to: frozen ? "FROZEN" : "THAWED")
    }
}

extension OwnedDescriptor {
    fileprivate borrowing func waitReadable(until deadline: UInt64) throws(Errno) {
        let now = MonotonicClock.now()
        _ = try wait(for: .readable, atMost: .nanoseconds(Int64(clamping: deadline > now ? deadline - now : 0)))
    }
}
