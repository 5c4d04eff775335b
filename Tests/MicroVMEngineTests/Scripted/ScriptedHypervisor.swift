import Basics
import LinuxKit
import MicroVMEngine
import NIOCore
import Sandboxes
import Synchronization
import SystemPackage

/// Starts machines that a script plays, as QEMU plays them. Their processes are real and in their cgroups, and do nothing.
final class ScriptedHypervisor: Hypervisor {
    private struct State {
        var script = Script()
        var plays: [Task<Void, Never>] = []
        var processes: [ChildProcess] = []
    }

    private let spawner: Spawner
    private let state = Mutex(State())
    private let (silences, silent) = AsyncStream<ScriptedMachine>.makeStream()

    private let qemu: QEMU
    var name: String { qemu.name }
    var overheadMegabytes: Int { qemu.overheadMegabytes }
    var disks: any WritableDisks { qemu.disks }

    init() throws {
        spawner = try Spawner()
        qemu = QEMU(spawner: spawner)
    }

    func connect(
        _ control: consuming OwnedDescriptor, to parts: MachineParts, group: any EventLoopGroup,
        clock: any DeadlineClock, by deadline: Deadline
    ) async throws -> any MachineControl {
        try await qemu.connect(control, to: parts, group: group, clock: clock, by: deadline)
    }

    /// Of the machines that are started from now on.
    var script: Script {
        get { state.withLock { $0.script } }
        set { state.withLock { $0.script = newValue } }
    }

    func start(_ parts: MachineParts) async throws(SandboxError) -> StartedMachine {
        let script = script
        var plan = SpawnPlan(executable: "/bin/sleep", arguments: ["sleep", "infinity"])
        if case .doesNotStart = script.departures[.start] { plan.executable = "/nonexistent" }
        plan.cgroup = parts.cgroup
        let process = try await hostCall { [plan] in try await spawner.spawn(plan) }
        return try hostCall("make socket pairs") {
            let (control, ourControl) = try Self.ends()
            let (guest, ourGuest) = try Self.ends()
            let (console, ourConsole) = try Self.ends()
            let machine = ScriptedMachine(
                script, process: process, control: control, guest: guest, console: console,
                fellSilent: { [silent] in silent.yield($0) })
            let boots = parts.role == .template
            state.withLock { state in
                state.processes.append(process)
                state.plays.append(Task { await machine.play(boots: boots) })
            }
            return StartedMachine(
                process: process, control: try ourControl.descriptor.duplicate(),
                guest: .connected(try ourGuest.descriptor.duplicate()), console: try ourConsole.descriptor.duplicate())
        }
    }

    private static func ends() throws(Errno) -> (SharedDescriptor, SharedDescriptor) {
        try OwnedDescriptor.socketPair().take { ($0.shared(), $1.shared()) }
    }

    /// How many machines have been started since ``over()``.
    var started: Int { state.withLock { $0.plays.count } }

    /// The machine that falls silent next, as its script says.
    func nextSilence() async -> ScriptedMachine? { await silences.first { _ in true } }

    /// Returns when the engine has closed every socket of every machine; which of their processes have not been reaped.
    func over() async -> [CInt] {
        let (plays, processes) = state.withLock { state in
            defer { (state.plays, state.processes) = ([], []) }
            return (state.plays, state.processes)
        }
        for play in plays { await play.value }
        return processes.filter { FileStatus.exists(FilePath("/proc/\($0.pid)")) }.map(\.pid)
    }
}
