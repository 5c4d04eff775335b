import Basics
import Glibc
import GuestProtocol
import LinuxKit
import NetworkModel
import Sandboxes
import SlotNetwork
import Synchronization
import SystemPackage

/// A running machine and everything that exists because of it: control socket, guest channel, slot, cgroup.
final class Machine: Sendable {
    let id: SandboxID
    let control: any MachineControl
    let guest: GuestConnection
    let output: OutputRelay
    let files: MachineFiles
    let console: GuestConsole
    private let process: ChildProcess
    private let remains: Remains
    private let clock: any DeadlineClock
    private let ending = SingleEnd()
    private let motion: Mutex<MachineMotion>

    /// What outlives the process and has to be given back.
    struct Remains: Sendable {
        let slot: Slot
        let slots: any SlotNetwork
        let cgroup: Cgroup

        func join(_ mode: NetworkMode) throws(SandboxError) { try hostCall { try slot.bind(.microvm, to: mode) } }

        func giveBack() async {
            let cgroup = cgroup
            // A cgroup that cannot be removed is found again by the next start's sweep.
            try? await BlockingThread.run { () throws(CgroupError) in try cgroup.remove() }
            await slots.release(slot)
        }
    }

    init(
        id: SandboxID, control: any MachineControl, guest: GuestConnection, output: OutputRelay, files: MachineFiles,
        console: GuestConsole, process: ChildProcess, remains: Remains, clock: any DeadlineClock
    ) {
        self.id = id
        self.control = control
        self.guest = guest
        self.output = output
        self.files = files
        self.console = console
        self.process = process
        self.remains = remains
        self.clock = clock
        motion = Mutex(MachineMotion(cgroup: remains.cgroup))
    }

    // MARK: - Standing still

    func standStill() throws(Errno) { try motion.withLock { motion throws(Errno) in try motion.standStill() } }

    /// Lets it go on, and serve until ``mayStandStill()``.
    func moveOn() throws(SandboxError) {
        try hostCall("thaw a virtual machine") {
            try motion.withLock { motion throws(Errno) in try motion.moveOn() }
        }
    }

    func mayStandStill() { motion.withLock { $0.mayStandStill = true } }

    // MARK: - Use

    /// The number of its network slot.
    var slot: Int { remains.slot.index }

    /// Lets the machine, which stands still, send as far as `mode` says.
    func join(_ mode: NetworkMode) throws(SandboxError) { try remains.join(mode) }

    /// By the time that its answers are waited for with.
    func deadline(in limit: Duration) -> Deadline { Deadline(in: limit, from: clock.now) }

    /// Kills the process and waits until process, cgroup and slot are gone. Every caller waits for the same end.
    func end() async {
        await ending.run { await self.tearDown() }
    }

    private func tearDown() async {
        guest.fail(.destroyed)
        // In version 1 of cgroups what is frozen does not die.
        try? moveOn()
        await process.end()
        guest.close()
        control.close()
        console.close()
        await remains.giveBack()
    }

    /// Whether the process died because the file of the guest's memory could not grow; known after ``end()``.
    var ranOutOfRoom: Bool { (try? process.poll())?.ranOutOfRoom ?? false }

    /// What the kernel counts for the process's own memory, the guest's included.
    func memory() async throws(SandboxError) -> MemoryUse {
        let path = FilePath("/proc/\(process.pid)/smaps_rollup")
        let text = try await hostCall("read \(path)") {
            try await BlockingThread.run { try OwnedDescriptor.open(path, .readOnly).readAll(limit: 1 << 16) }
        }
        return MemoryUse(smapsRollup: String(decoding: text, as: UTF8.self))
    }
}

extension ProcessExit {
    /// The kernel's answer to a write to mapped memory for whose file there is no room.
    var ranOutOfRoom: Bool {
        if case .killed(signal: SIGBUS, _) = reason { true } else { false }
    }
}

extension SandboxError {
    static func noRoom(forMegabytes megabytes: Int) -> SandboxError {
        .host(
            "no space left on the disk for guest memory of \(megabytes) MiB. Free space, or move --state-dir to a larger "
                + "file system")
    }
}
