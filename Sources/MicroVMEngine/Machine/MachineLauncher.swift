import Glibc
import LinuxKit
import Logging
import NIOCore
import NIOPosix
import NetworkModel
import Sandboxes
import SlotNetwork
import SystemPackage

/// Starts QEMU processes: slot, cgroup, jail, then the two channels.
struct MachineLauncher: Sendable {
    /// QEMU's own memory beside the guest's: code, device state, the emulator's translation cache.
    private static let overheadMegabytes = 192
    /// QEMU's main, virtual CPU and I/O threads; a machine that wants more is out of hand.
    private static let threadLimit = 64

    let host: HostTraits
    let slots: any SlotNetwork
    let cgroups: MachineCgroups
    let spawner: Spawner
    let group: any EventLoopGroup
    let logger: Logger

    struct Order: Sendable {
        var id: SandboxID
        var role: QEMUCommandLine.Role
        var memoryMegabytes: Int
        var files: MachineFiles
        var output: OutputRelay
        /// `query-version` must say the same, when given.
        var requiredVersion: String?
        /// For a machine that runs at once. Nil for one that is made to stand still: see ``Machine/join(_:)``.
        var network: NetworkMode?
    }

    func launch(_ order: Order) async throws(SandboxError) -> Machine {
        let slot = try await hostCall { try await slots.claim() }
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
            memoryBytes: UInt64(order.memoryMegabytes + Self.overheadMegabytes) << 20,
            // The guest's CPUs, and half of one for QEMU's own threads.
            cpuQuota: Double(processors) + 0.5,
            cpuWeight: ProcessorShare.weight(forMegabytes: order.memoryMegabytes),
            processes: Self.threadLimit)
    }

    private func launch(_ order: Order, remains: Machine.Remains) async throws(SandboxError) -> Machine {
        let machine = try await machine(order, remains: remains)
        // Its network is complete before the machine runs.
        if let network = order.network { try remains.join(network) }
        let started: MachineProcess.Started
        do throws(MachineProcess.Failure) { started = try await machine.start(spawner) } catch { throw error.error }
        let process = started.process
        do {
            let guest = try await GuestConnection.connect(
                started.guest, group: group, output: { order.output.send($0) })
            let console = try await GuestConsole.connect(started.console, group: group)
            let control = try await QMPClient.connect(started.control, group: group, deadline: .seconds(20))
            if let required = order.requiredVersion, "\(control.version)" != required {
                throw SandboxError.snapshotUnusable(Blueprint.takenWithQEMU(required, here: "\(control.version)"))
            }
            return Machine(
                id: order.id, control: control, guest: guest, output: order.output, files: order.files,
                console: console, process: process, remains: remains)
        } catch {
            if await process.end()?.ranOutOfRoom == true, order.role == .template {
                throw .noRoom(forMegabytes: order.memoryMegabytes)
            }
            if let error = error as? SandboxError { throw error }
            let words = order.files.lastWords ?? "\(error)"
            logger.error("QEMU did not start", metadata: ["sandbox": "\(order.id)", "words": "\(words)"])
            throw .host("QEMU did not start: \(words)")
        }
    }

    private func machine(_ order: Order, remains: Machine.Remains) async throws(SandboxError) -> MachineProcess {
        let slot = remains.slot
        let (network, tap) = try await hostCall("give the machine its network") {
            try await BlockingThread.run {
                let network = try slot.openNamespace()
                return (network, try slot.openTap(in: network).shared())
            }
        }
        return MachineProcess(
            role: order.role, virtualisation: host.virtualisation,
            timeStampCounterKilohertz: host.timeStampCounterKilohertz, memoryMegabytes: order.memoryMegabytes,
            files: order.files, network: network, tap: tap, cgroup: remains.cgroup,
            user: MachineProcess.firstUser + UInt32(slot.index))
    }
}
