import Basics
import Glibc
import LinuxKit
import Logging
import NIOCore
import NIOPosix
import NetworkModel
import Sandboxes
import SlotNetwork
import SystemPackage

/// Starts machines: slot, cgroup, process, then the three channels to it.
package struct MachineLauncher: Sendable {
    /// Main, virtual CPU and I/O threads; a machine that wants more is out of hand.
    private static let threadLimit = 64
    /// A process greets within 0.1 s, and 2 s where the host is itself emulated.
    private static let greetingLimit = Duration.seconds(20)

    let processor: VirtualProcessor
    let slots: any SlotNetwork
    let cgroups: MachineCgroups
    let users: SandboxUsers
    let hypervisor: any Hypervisor
    let group: any EventLoopGroup
    let clock: any DeadlineClock
    let logger: Logger

    package init(
        processor: VirtualProcessor, slots: any SlotNetwork, cgroups: MachineCgroups,
        users: SandboxUsers = .standard, hypervisor: any Hypervisor, group: any EventLoopGroup,
        clock: any DeadlineClock, logger: Logger
    ) {
        self.processor = processor
        self.slots = slots
        self.cgroups = cgroups
        self.users = users
        self.hypervisor = hypervisor
        self.group = group
        self.clock = clock
        self.logger = logger
    }

    struct Order: Sendable {
        var id: SandboxID
        var role: MachineRole
        var memoryMegabytes: Int
        var files: MachineFiles
        var output: OutputRelay
        /// Of the call that the machine is made for. A boot has limits of its own.
        var deadline: Deadline
        /// The hypervisor's must be the same, when given.
        var requiredVersion: String?
        /// For a machine that runs at once. Nil for one that is made to stand still: see ``Machine/join(_:)``.
        var network: NetworkMode?
    }

    func launch(_ order: Order) async throws(SandboxError) -> Machine {
        // Slots have a clock of their own.
        let deadline = Deadline(in: order.deadline.remaining(at: clock.now))
        let slot = try await hostCall { try await slots.claim(by: deadline) }
        let cgroup: Cgroup
        do throws(SandboxError) {
            cgroup = try hostCall { try cgroups.create(order.id, limits: limits(order)) }
        } catch {
            await slots.release(slot)
            throw error
        }
        let remains = Machine.Remains(slot: slot, slots: slots, cgroup: cgroup)
        do throws(SandboxError) {
            return try await launch(order, remains: remains)
        } catch {
            await remains.giveBack()
            throw error
        }
    }

    // MARK: - Private

    private func limits(_ order: Order) -> CgroupLimits {
        let processors = ProcessorShare.processors(forMegabytes: order.memoryMegabytes)
        return CgroupLimits(
            memoryBytes: UInt64(order.memoryMegabytes + hypervisor.overheadMegabytes) << 20,
            // The guest's CPUs, and half of one for the hypervisor's own threads.
            cpuQuota: Double(processors) + 0.5,
            cpuWeight: ProcessorShare.weight(forMegabytes: order.memoryMegabytes),
            processes: Self.threadLimit)
    }

    private func launch(_ order: Order, remains: Machine.Remains) async throws(SandboxError) -> Machine {
        let parts = try await parts(order, remains: remains)
        // Its network is complete before the machine runs.
        if let network = order.network { try remains.join(network) }
        return try await connect(to: try await hypervisor.start(parts), parts, order, remains: remains)
    }

    private func connect(
        to started: consuming StartedMachine, _ parts: MachineParts, _ order: Order, remains: Machine.Remains
    ) async throws(SandboxError) -> Machine {
        let process = started.process
        do {
            let guest = try await GuestConnection.connect(
                started.guest, group: group, clock: clock, output: { order.output.send($0) })
            let console = try await GuestConsole.connect(
                started.console, group: group, ended: { [weak guest] in guest?.processEnded() })
            let greeting = Deadline(in: Self.greetingLimit, from: clock.now)
            let control = try await hypervisor.connect(
                started.control, to: parts, group: group, clock: clock,
                by: order.role == .clone ? min(greeting, order.deadline) : greeting)
            if let required = order.requiredVersion, control.version != required {
                throw SandboxError.snapshotUnusable(
                    MachineDescription.takenWith(hypervisor, required, here: control.version))
            }
            return Machine(
                id: order.id, control: control, guest: guest, output: order.output, files: order.files,
                console: console, process: process, remains: remains, clock: clock)
        } catch {
            if await process.end()?.ranOutOfRoom == true, order.role == .template {
                throw .noRoom(forMegabytes: order.memoryMegabytes)
            }
            if let error = error as? SandboxError { throw error }
            if order.role == .clone, order.deadline.remaining(at: clock.now) == .zero {
                throw .timedOut(.restore, limit: order.deadline.limit)
            }
            let words = order.files.lastWords ?? "\(error)"
            logger.error(
                "\(hypervisor.name) did not start", metadata: ["sandbox": "\(order.id)", "words": "\(words)"])
            throw .host("\(hypervisor.name) did not start: \(words)")
        }
    }

    private func parts(_ order: Order, remains: Machine.Remains) async throws(SandboxError) -> MachineParts {
        let slot = remains.slot
        let network = try hostCall("give the machine its network") { try slot.openNamespace() }
        return MachineParts(
            role: order.role, virtualisation: processor.virtualisation,
            timeStampCounterKilohertz: processor.timeStampCounterKilohertz, memoryMegabytes: order.memoryMegabytes,
            files: order.files, network: network, tap: SlotAddresses.tapName, cgroup: remains.cgroup,
            user: users.inSlot(slot.index).user)
    }
}
