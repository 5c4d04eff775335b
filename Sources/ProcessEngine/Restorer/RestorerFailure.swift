import CProcessImage
import Glibc
import LinuxKit
import Sandboxes
import SystemPackage

/// Where the restorer failed, and why: `enum thaw_step` and what the kernel said.
package struct RestorerFailure: Sendable, Hashable, CustomStringConvertible {
    package let step: UInt32
    let errno: Errno
    /// An address, or a descriptor's number, by the step.
    let detail: UInt64

    package init(step: UInt32, error: CInt, detail: UInt64 = 0) {
        self.step = step
        errno = Errno(rawValue: abs(error))
        self.detail = detail
    }

    /// A snapshot that cannot be restored here must be taken anew; a host that has not enough of something may have it later.
    func error() -> SandboxError {
        isOfImage && !isOfResources ? .snapshotUnusable(description) : .host("cannot restore a clone: \(self)")
    }

    package var description: String { "\(Self.sentences[step] ?? "step \(step) failed"): \(errno)\(place)" }

    private var isOfImage: Bool { Self.imageSteps.contains(step) }

    private var isOfResources: Bool {
        switch errno {
        case .noMemory, .resourceTemporarilyUnavailable, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noSpace: true
        default: false
        }
    }

    private var place: String {
        switch step {
        case THAW_STEP_UNMAP.rawValue, THAW_STEP_MAP.rawValue, THAW_STEP_FILL.rawValue, THAW_STEP_VDSO.rawValue:
            " at address 0x\(String(detail, radix: 16))"
        case THAW_STEP_DESCRIPTOR.rawValue, THAW_STEP_WATCH.rawValue, THAW_STEP_LOCK.rawValue,
            THAW_STEP_FILE_WATCH.rawValue:
            " (descriptor \(detail))"
        case THAW_STEP_SCRATCH.rawValue, THAW_STEP_OBJECT.rawValue: " (the \(detail + 1)th)"
        case THAW_STEP_FILE.rawValue:
            detail == 0 ? " (the working directory)" : " (mapped at 0x\(String(detail, radix: 16)))"
        case THAW_STEP_LIMIT.rawValue, THAW_STEP_MM.rawValue, THAW_STEP_IDENTITY.rawValue, THAW_STEP_CGROUP.rawValue,
            THAW_STEP_ENTER.rawValue, THAW_STEP_ARGUMENTS.rawValue:
            " (\(detail))"
        case THAW_STEP_MOUNT.rawValue: " (\(detail < UInt64(Self.mounts.count) ? Self.mounts[Int(detail)] : "?"))"
        case THAW_STEP_SIGNAL.rawValue: " (signal \(detail))"
        case THAW_STEP_TIMER.rawValue: " (timer \(detail))"
        case THAW_STEP_THREAD.rawValue: " (thread \(detail))"
        case THAW_STEP_CHILD.rawValue, THAW_STEP_PROCESS.rawValue: " (process \(detail))"
        case THAW_STEP_OPTION.rawValue:
            " (descriptor \(detail >> 32), level \(detail >> 16 & 0xFFFF), option \(detail & 0xFFFF))"
        default: ""
        }
    }

    /// In the order of mounts.c.
    private static let mounts = ["namespace", "/var/task", "/tmp", "/tmp over what was frozen", "/proc"]

    private static let imageSteps: Set<UInt32> = Set(
        [
            THAW_STEP_STATE, THAW_STEP_RELOCATE, THAW_STEP_UNMAP, THAW_STEP_FILE, THAW_STEP_MAP, THAW_STEP_FILL,
            THAW_STEP_VDSO, THAW_STEP_MM, THAW_STEP_DESCRIPTOR, THAW_STEP_WATCH, THAW_STEP_SIGNAL, THAW_STEP_TIMER,
            THAW_STEP_THREAD, THAW_STEP_OPTION, THAW_STEP_PROCESSORS, THAW_STEP_CHILD,
            THAW_STEP_SCRATCH, THAW_STEP_OBJECT, THAW_STEP_LOCK, THAW_STEP_FILE_WATCH, THAW_STEP_PROCESS,
        ].map(\.rawValue))

    private static let sentences: [UInt32: String] = Dictionary(
        uniqueKeysWithValues: [
            (THAW_STEP_ARGUMENTS, "the restorer does not understand how it was started"),
            (THAW_STEP_STATE, "the restorer cannot map the snapshot's state"),
            (THAW_STEP_RELOCATE, "the restorer cannot move out of the way of the frozen memory"),
            (THAW_STEP_UNMAP, "the restorer cannot clear its address space"),
            (THAW_STEP_FILE, "a file that was mapped or open at the freeze cannot be opened"),
            (THAW_STEP_MAP, "frozen memory cannot be mapped"),
            (THAW_STEP_FILL, "frozen memory cannot be filled from the snapshot"),
            (THAW_STEP_VDSO, "the kernel's own code cannot be put where it was"),
            (THAW_STEP_MM, "the kernel refuses the layout of the frozen address space"),
            (THAW_STEP_ENTER_PID, "the sandbox's pid namespace cannot be entered"),
            (THAW_STEP_FORK, "the template cannot be forked"),
            (THAW_STEP_CGROUP, "the sandbox's cgroup cannot be entered"),
            (THAW_STEP_ENTER, "the sandbox's namespaces cannot be entered"),
            (THAW_STEP_MOUNT, "the sandbox's file systems cannot be mounted"),
            (THAW_STEP_DESCRIPTOR, "an open file cannot be made again"),
            (THAW_STEP_WATCH, "an epoll set cannot be made again"),
            (THAW_STEP_IDENTITY, "the function's identity cannot be taken"),
            (THAW_STEP_LIMIT, "a limit cannot be set"),
            (THAW_STEP_SIGNAL, "a signal's handler cannot be set"),
            (THAW_STEP_TIMER, "a timer cannot be made again"),
            (THAW_STEP_THREAD, "a thread cannot be made again"),
            (THAW_STEP_SECCOMP, "the system call filter cannot be set"),
            (THAW_STEP_WAKE, "the clone was woken by nonsense"),
            (THAW_STEP_OPTION, "an option of a socket cannot be set again"),
            (THAW_STEP_PROCESSORS, "the processors that the program had chosen cannot be had"),
            (THAW_STEP_CHILD, "a child that had ended cannot be made again"),
            (THAW_STEP_SCRATCH, "what was in /tmp cannot be made again"),
            (THAW_STEP_OBJECT, "a file without a name cannot be made again"),
            (THAW_STEP_LOCK, "a file cannot be locked again"),
            (THAW_STEP_FILE_WATCH, "a file cannot be watched again"),
            (THAW_STEP_PROCESS, "a process beside the runtime cannot be made again"),
        ].map { ($0.0.rawValue, $0.1) })
}

extension RestorerFailure {
    /// What to do about a host on which it fails whatever is restored.
    var remedy: String {
        switch step {
        case THAW_STEP_VDSO.rawValue, THAW_STEP_MM.rawValue, THAW_STEP_TIMER.rawValue:
            "use a kernel with CONFIG_CHECKPOINT_RESTORE"
        case THAW_STEP_SECCOMP.rawValue: "use a kernel with CONFIG_SECCOMP_FILTER"
        case THAW_STEP_MOUNT.rawValue where errno == .operationNotSupportedByDevice:
            "modprobe overlay; in a container, on its host"
        default: "run as root; in a container, run it privileged"
        }
    }

    /// A packet of kind THAW_FAILED; nil for any other.
    init?(packet: [UInt8]) {
        guard packet.count == MemoryLayout<thaw_failure>.size else { return nil }
        let failure = packet.withUnsafeBytes { $0.loadUnaligned(as: thaw_failure.self) }
        guard failure.kind == THAW_FAILED.rawValue else { return nil }
        self.init(step: failure.step, error: failure.error, detail: failure.detail)
    }
}
