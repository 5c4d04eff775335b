import Glibc
package import SystemPackage

/// What is made in a directory, as it is made: inotify(7).
package struct DirectoryWatch: ~Copyable {
    private let directory: FilePath
    private let events: OwnedDescriptor

    private init(_ directory: FilePath, _ events: consuming OwnedDescriptor) {
        self.directory = directory
        self.events = events
    }

    package static func begin(_ directory: FilePath) throws(Errno) -> DirectoryWatch {
        let events = try OwnedDescriptor { inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK)) }
        try events.withRaw { raw throws(Errno) in
            _ = try syscall { directory.withPlatformString { inotify_add_watch(raw, $0, UInt32(IN_CREATE)) } }
        }
        return DirectoryWatch(directory, events)
    }

    /// Waits until there is something of this name. False when `process` has ended before, or `limit` is over. Blocks.
    package borrowing func wait(
        for name: FilePath.Component, madeBy process: ChildProcess, atMost limit: Duration
    ) throws(Errno) -> Bool {
        let end = ContinuousClock.now + limit
        while !FileStatus.exists(directory.appending(name)) {
            let left = Int32(clamping: Int64((end - ContinuousClock.now) / .milliseconds(1)))
            guard left > 0 else { return false }
            let hasEnded = try events.withRaw { events throws(Errno) in
                try process.pidfd.withRaw { process throws(Errno) in
                    var waited = [
                        pollfd(fd: events, events: Int16(POLLIN), revents: 0),
                        pollfd(fd: process, events: Int16(POLLIN), revents: 0),
                    ]
                    _ = try syscall { poll(&waited, 2, left) }
                    return waited[1].revents != 0
                }
            }
            if hasEnded { return FileStatus.exists(directory.appending(name)) }
            // Which it was is told by looking.
            _ = try? events.read(upTo: 4096)
        }
        return true
    }
}
