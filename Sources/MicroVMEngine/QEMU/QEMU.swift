import Basics
import LinuxKit
import NIOCore
import NIOPosix
import Sandboxes
import SystemPackage

/// QEMU as the hypervisor: one process a machine, in a jail of its own, that inherits all its files.
package struct QEMU: Hypervisor {
    static let program: FilePath = "/usr/bin/qemu-system-x86_64"
    /// Descriptors 0 to 2 are standard; the rest follow in the order in which they are given.
    private static let firstDescriptor: CInt = 3

    /// What it has started dies with it.
    private let spawner: Spawner
    package let name = "QEMU"
    /// Code, device state, the emulator's translation cache.
    package let overheadMegabytes = 192
    package let disks: any WritableDisks = LayeredDisks()

    package init(spawner: Spawner) { self.spawner = spawner }

    package func start(_ parts: MachineParts) async throws(SandboxError) -> StartedMachine {
        let tap = try await hostCall("give the machine its network") {
            try await BlockingThread.run { try Tap.open(named: parts.tap, in: parts.network).shared() }
        }
        let control = try SocketEnds()
        let guest = try SocketEnds()
        let console = try SocketEnds()
        do throws(SpawnError) {
            let process = try await spawner.spawn(
                Self.plan(parts, [control.theirs, guest.theirs, console.theirs, tap]))
            return StartedMachine(
                process: process, control: control.ours, guest: .connected(guest.ours), console: console.ours)
        } catch {
            throw .host("\(error) `thaw doctor` tells what this host lacks", cause: error)
        }
    }

    package func connect(
        _ control: consuming OwnedDescriptor, to parts: MachineParts, group: any EventLoopGroup,
        clock: any DeadlineClock, by deadline: Deadline
    ) async throws -> any MachineControl {
        try await QMPClient.connect(control, group: group, clock: clock, deadline: deadline)
    }

    private static func plan(_ parts: MachineParts, _ sockets: [SharedDescriptor]) throws(SpawnError) -> SpawnPlan {
        let files = parts.files
        let kvm = parts.virtualisation.descriptor
        let given =
            sockets + [files.kernel, files.initramfs, files.memory, files.root]
            + files.scratch.map(\.file) + [files.code, files.layers, kvm].compactMap { $0 }
        let firstOptional = sockets.count + 4 + files.scratch.count
        let number = { (index: Int) in firstDescriptor + CInt(index) }
        let commandLine = QEMUCommandLine(
            role: parts.role, accelerator: parts.virtualisation.accelerator, memoryMegabytes: parts.memoryMegabytes,
            processors: ProcessorShare.processors(forMegabytes: parts.memoryMegabytes),
            timeStampCounterKilohertz: parts.timeStampCounterKilohertz,
            descriptors: QEMUCommandLine.Descriptors(
                control: number(0), guest: number(1), console: number(2), tap: number(3), kernel: number(4),
                initramfs: number(5), memory: number(6), root: number(7),
                code: files.code.map { _ in number(firstOptional) },
                scratch: files.scratch.enumerated().map { index, layer in
                    QEMUCommandLine.ScratchLayer(descriptor: number(sockets.count + 4 + index), format: layer.format)
                }, layers: files.layers.map { _ in number(firstOptional + (files.code == nil ? 0 : 1)) },
                kvm: kvm.map { _ in number(given.count - 1) }))
        var plan = try jail(parts).plan(
            running: program, arguments: [program.string] + commandLine.arguments, environment: ["PATH": "/usr/bin"])
        plan.descriptors = Dictionary(uniqueKeysWithValues: given.enumerated().map { (number($0.offset), $0.element) })
        plan.descriptors[2] = files.errors
        return plan
    }

    private static func jail(_ parts: MachineParts) -> Jail {
        var jail = Jail(mountPoint: "/mnt", user: parts.user, group: MachineUser.group)
        jail.network = parts.network
        jail.cgroup = parts.cgroup
        jail.outOfMemoryScore = KillOrder.sandbox.rawValue
        jail.limits = [.coreFileBytes: 0, .openFiles: 256, .lockedMemoryBytes: 65_536]
        if let largestFile = parts.largestFile { jail.limits[.fileBytes] = largestFile }
        parts.virtualisation.open(in: &jail)
        return jail
    }
}

extension SandboxError {
    /// Whether it is the jail's own node of a device that cannot be made.
    var isMissingNode: Bool {
        if let failure = cause as? SpawnError, case .step(.makeDevice) = failure.stage { true } else { false }
    }
}
