import Glibc
import GuestProtocol
import LinuxKit
import SystemPackage

/// What the supervisor does to the machine itself; outside a VM, in tests, something harmless takes its place.
protocol Duties {
    /// Whether the runtime runs as the unprivileged user.
    var confinesRuntime: Bool { get }
    /// Gives this machine entropy and a clock of its own. After an error user code must not run.
    func makeUnique(_ uniqueness: Uniqueness) throws(GuestError)
    /// The number of processes the kernel's OOM killer has ended.
    func outOfMemoryKills() -> UInt64
    /// Flushes what file systems buffer.
    func flush()
    /// Sends a signal to the runtime, what it started, and what those left behind.
    func signalAll(_ signal: CInt, runtime: CInt)
    func powerOff()
}

struct MachineDuties: Duties {
    var confinesRuntime: Bool { true }

    func makeUnique(_ uniqueness: Uniqueness) throws(GuestError) {
        try ClockAndEntropy.set(from: uniqueness)
    }

    func outOfMemoryKills() -> UInt64 { ProcFile.number(after: "oom_kill ", in: "/proc/vmstat") ?? 0 }

    func flush() { sync() }
    func signalAll(_ signal: CInt, runtime: CInt) { kill(-1, signal) }
    func powerOff() { PowerSwitch.off() }
}

struct HostedDuties: Duties {
    var confinesRuntime: Bool { false }
    func makeUnique(_: Uniqueness) throws(GuestError) {}
    func outOfMemoryKills() -> UInt64 { 0 }
    func flush() {}
    func signalAll(_ signal: CInt, runtime: CInt) { kill(-runtime, signal) }
    func powerOff() {}
}

/// Ends the machine. A reset serves as well as power off: the host starts QEMU with `-no-reboot`, and Firecracker knows nothing else:
/// there the kernel's power off would halt the processor and no more.
enum PowerSwitch {
    static func off() -> Never {
        if Boot.usesVsock { try? Kernel.restart() }
        try? Kernel.powerOff()
        try? Kernel.restart()
        // Process 1 must not return: the kernel would panic, which ends the machine too.
        while true { pause() }
    }
}
