import Glibc
import LinuxKit
import Logging
import NIOCore
import NIOPosix
import Sandboxes
import SlotNetwork
import SystemPackage

/// Starts QEMU processes: slot, cgroup, jail, then the two channels.
struct MachineLauncher: Sendable {
    /// QEMU's own memory beside the guest's: code, device state, the emulator's translation cache.
    private static let overheadMegabytes = 192
    /// QEMU's main, virtual CPU and I/O threads; a machine that wants more is out of hand.
    private static let threadLimit = 64
    private static let program: FilePath = "/usr/bin/qemu-system-x86_64"
    /// Descriptors 0 to 2 are standard; the rest follow in the order of ``childDescriptors``.
    private static let firstDescriptor: CInt = 3

    /// Identities outside what Debian gives out. All machines share the group, which may write snapshot memory files
    /// (QEMU insists on opening them for writing); each has a user of its own.
    static let group: UInt32 = 1_900_000_000
    private static let firstUser = group + 1

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
        let slot: Slot
        do throws(SlotError) { slot = try await slots.claim() } catch { throw .host("\(error)") }
        let cgroup: Cgroup
        do throws(CgroupError) {
            cgroup = try cgroups.create(order.id, limits: limits(order))
        } catch {
            await slots.release(slot)
            throw .host("\(error)")
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
        let spawned = try await spawn(order, remains: remains)
        let process = spawned.process
        do {
            let guest = try await GuestConnection.connect(
                spawned.guest, group: group, output: { order.output.send($0) })
            let console = try await GuestConsole.connect(spawned.console, group: group)
            let control = try await QMPClient.connect(spawned.control, group: group, deadline: .seconds(20))
            if let required = order.requiredVersion, "\(control.version)" != required {
                throw SandboxError.snapshotUnusable(
                    "it was taken with QEMU \(required), this host has \(control.version)")
            }
            return Machine(
                id: order.id, control: control, guest: guest, output: order.output, files: order.files,
                console: console, process: process, remains: remains)
        } catch {
            if await process.end()?.ranOutOfRoom == true, order.role == .template {
                throw .noRoom(forMegabytes: order.memoryMegabytes)
            }
            if let error = error as? SandboxError { throw error }
            throw .host("QEMU did not start: \(order.files.lastWords ?? "\(error)")")
        }
    }

    /// A started process and our ends of its sockets. Its own ends are closed here by then, so that its death is seen.
    private struct Spawned: ~Copyable {
        let process: ChildProcess
        let control: OwnedDescriptor
        let guest: OwnedDescriptor
        let console: OwnedDescriptor
    }

    private func spawn(_ order: Order, remains: Machine.Remains) async throws(SandboxError) -> Spawned {
        let control = try SocketEnds()
        let guest = try SocketEnds()
        let console = try SocketEnds()
        let plan = try await plan(
            order, remains: remains, sockets: [control.theirs, guest.theirs, console.theirs])
        // Its network is complete before the machine runs.
        if let network = order.network { try remains.slot.join(network, as: .microvm) }
        do throws(SpawnError) {
            let process = try await spawner.spawn(plan)
            return Spawned(
                process: process, control: control.ours, guest: guest.ours, console: console.ours)
        } catch {
            throw .host("\(error). Is qemu-system-x86 installed? `thaw doctor` tells what is missing")
        }
    }

    private func plan(
        _ order: Order, remains: Machine.Remains, sockets: [SharedDescriptor]
    ) async throws(SandboxError) -> SpawnPlan {
        let slot = remains.slot
        let (network, tap): (SharedDescriptor, SharedDescriptor)
        do throws(NetworkError) {
            (network, tap) = try await BlockingThread.run { () throws(NetworkError) in
                (try slot.openNamespace(), try slot.openTap().shared())
            }
        } catch {
            throw .host("cannot give the machine its network: \(error)")
        }
        let files = order.files
        let given =
            sockets + [tap, files.kernel, files.initramfs, files.memory, files.root, files.code]
            + files.scratch.map(\.file)
        let number = { (index: Int) in Self.firstDescriptor + CInt(index) }
        let commandLine = QEMUCommandLine(
            role: order.role, accelerator: host.accelerator, memoryMegabytes: order.memoryMegabytes,
            processors: ProcessorShare.processors(forMegabytes: order.memoryMegabytes),
            timeStampCounterKilohertz: host.timeStampCounterKilohertz,
            descriptors: QEMUCommandLine.Descriptors(
                control: number(0), guest: number(1), console: number(2), tap: number(3), kernel: number(4),
                initramfs: number(5), memory: number(6), root: number(7), code: number(8),
                scratch: files.scratch.enumerated().map { index, layer in
                    QEMUCommandLine.ScratchLayer(descriptor: number(9 + index), format: layer.format)
                }))
        var plan: SpawnPlan
        do throws(SpawnError) {
            plan = try jail(network: network, cgroup: remains.cgroup, user: Self.firstUser + UInt32(slot.index))
                .plan(
                    running: Self.program, arguments: [Self.program.string] + commandLine.arguments,
                    environment: ["PATH": "/usr/bin"])
        } catch {
            throw .host("\(error)")
        }
        plan.descriptors = Dictionary(uniqueKeysWithValues: given.enumerated().map { (number($0.offset), $0.element) })
        plan.descriptors[2] = files.errors
        return plan
    }

    private func jail(network: SharedDescriptor, cgroup: Cgroup, user: UInt32) -> Jail {
        var jail = Jail(mountPoint: "/mnt", user: user, group: Self.group)
        jail.network = network
        jail.cgroup = cgroup
        jail.limits = [.coreFileBytes: 0, .openFiles: 256, .lockedMemoryBytes: 65_536]
        if host.accelerator == .kvm {
            jail.devices.append("/dev/kvm")
            // On Debian it belongs to group kvm, which may use it.
            if let status = try? FileStatus.of("/dev/kvm") { jail.supplementaryGroups = [status.group] }
        }
        return jail
    }
}

/// A socket pair of which one end goes to QEMU.
private struct SocketEnds: ~Copyable {
    let ours: OwnedDescriptor
    let theirs: SharedDescriptor

    init() throws(SandboxError) {
        let pair = try hostCall("make a socket pair") { () throws(Errno) in try OwnedDescriptor.socketPair() }
        self = pair.take { SocketEnds(ours: $0, theirs: $1.shared()) }
    }

    private init(ours: consuming OwnedDescriptor, theirs: SharedDescriptor) {
        self.ours = ours
        self.theirs = theirs
    }
}
