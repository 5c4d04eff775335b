internal import CLinux
import Glibc
package import SystemPackage

/// What stays in an IPC namespace without any process that has it open: sysvipc(7), mq_overview(7).
package struct IPCObjects: Sendable, Equatable {
    /// Identifiers.
    package let semaphores: [String]
    package let messageQueues: [String]
    package let memory: [String]
    /// Names.
    package let posixQueues: [String]

    /// Those of a process that has an IPC namespace of its own; nil for one that has this process's. Blocks.
    package static func own(of pid: CInt) throws(Errno) -> IPCObjects? {
        let path = FilePath("/proc/\(pid)/ns/ipc")
        guard try FileStatus.of(path).inode != FileStatus.of("/proc/self/ns/ipc").inode else { return nil }
        let namespace = try OwnedDescriptor.open(path, .readOnly).shared()
        return try PosixThread.runAndWait { () throws(Errno) in
            try namespace.withRaw { raw throws(Errno) in _ = try syscall { setns(raw, clinux_CLONE_NEWIPC) } }
            return IPCObjects(
                semaphores: try identifiers(in: "sem"), messageQueues: try identifiers(in: "msg"),
                memory: try identifiers(in: "shm"), posixQueues: queues())
        }.get()
    }

    /// The second column of a table below a heading.
    private static func identifiers(in table: String) throws(Errno) -> [String] {
        let text: ProcText
        do { text = try ProcText(of: "/proc/sysvipc/\(table)") } catch .noSuchFileOrDirectory { return [] }
        var found: [String] = []
        var isHeading = true
        text.forEachLine { line in
            var scanner = LineScanner(line)
            _ = scanner.word()
            let word = String(decoding: scanner.word(), as: UTF8.self)
            if !isHeading, !word.isEmpty { found.append(word) }
            isHeading = false
        }
        return found
    }

    /// None on a kernel without them.
    private static func queues() -> [String] {
        guard let mount = try? DetachedMount.make("mqueue") else { return [] }
        return mount.descriptor.withRaw { (try? Directory.entries(FilePath("/proc/thread-self/fd/\($0)"))) ?? [] }
    }
}
