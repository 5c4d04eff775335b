import Basics
import Glibc
import GuestProtocol
import LinuxKit
import Logging
import NIOPosix
import Sandboxes
import SlotNetwork
import Snapshots
import Synchronization
import SystemPackage

/// Sandboxes that are virtual machines: QEMU's `microvm` or Firecracker's, with hardware virtualisation where the host has it.
package final class MicroVMEngine: SandboxEngine {
    package let isolation = IsolationLevel.microvm
    package let accelerator: Accelerator

    let processor: VirtualProcessor
    /// Of the hypervisor, as it was when the server started.
    private let version: String?
    let launcher: MachineLauncher
    private let machines = LiveMachines()
    let standing = StandingClones()
    let memoryFiles = SnapshotMemory()
    /// Unnamed files are made here: the file system that holds the snapshots.
    let directory: FilePath

    /// - Parameters:
    ///   - directory: on the file system of the snapshots; made if missing.
    ///   - findings: of this host. What was found to fail is told again by whoever uses it.
    ///   - instance: tells this server's cgroups from those of another one on the host; letters and digits.
    ///   - users: who its machines are.
    package static func make(
        findings: MicroVMFindings, directory: FilePath, instance: String, slots: any SlotNetwork,
        users: SandboxUsers = .standard, logger: Logger
    ) async throws(SandboxError) -> MicroVMEngine {
        let processor = await BlockingThread.run { VirtualProcessor.measure(findings.virtualisation) }
        let spawner = try hostCall("start a thread") { try Spawner() }
        try hostCall("make \(directory)") { try Directory.create(directory, existingIsFine: true) }
        let group = MultiThreadedEventLoopGroup.singleton
        return MicroVMEngine(
            version: findings.version, directory: directory,
            launcher: MachineLauncher(
                processor: processor, slots: slots, cgroups: try cgroups(instance), users: users,
                hypervisor: try findings.hypervisor(spawner), group: group, clock: EventLoopClock(group: group),
                logger: logger))
    }

    package init(version: String?, directory: FilePath, launcher: MachineLauncher) {
        processor = launcher.processor
        accelerator = launcher.processor.accelerator
        self.version = version
        self.directory = directory
        self.launcher = launcher
    }

    var hypervisor: any Hypervisor { launcher.hypervisor }

    package func sweep() async throws(SandboxError) { try await launcher.cgroups.sweep() }

    /// The same where no engine has been made. Machines themselves die with their server.
    package static func sweep(instance: String) async throws(SandboxError) { try await cgroups(instance).sweep() }

    private static func cgroups(_ instance: String) throws(SandboxError) -> MachineCgroups {
        MachineCgroups(hierarchy: try hostCall { try .detect() }, instance: instance)
    }

    package func shutdown() async {
        await standing.close()
        await machines.endAll()
        await launcher.cgroups.removeParents()
    }

    /// What this engine builds ahead belongs to a snapshot, see ``keepReady(_:of:)``.
    package func prepare() async {}

    package func refusal(of manifest: SnapshotManifest) -> String? {
        MachineDescription.refusal(of: manifest, on: processor, hypervisor: hypervisor, version: version)
    }

    @discardableResult
    package func keepReady(_ count: Int, of snapshot: SnapshotLease) async -> SandboxError? {
        guard count == 0 || !snapshot.isLeaving else { return nil }
        let failure = Mutex<SandboxError?>(nil)
        await standing.keep(count, of: snapshot.id) { [self] in
            do throws(SandboxError) { return try await prepareAhead(snapshot) } catch {
                launcher.logger.warning(
                    "cannot prepare a clone", metadata: ["snapshot": "\(snapshot.id)", "error": "\(error)"])
                failure.withLock { $0 = error }
                return nil
            }
        } end: { [self] machine in
            await end(machine)
        }
        return failure.withLock { $0 }
    }

    /// Clones map the snapshot's file, of which the kernel has read what was just written.
    package func warm(_ snapshot: SnapshotLease) async {}

    package func forget(_ snapshot: SnapshotID) async {
        await standing.keep(0, of: snapshot, make: { nil }, end: { [self] machine in await end(machine) })
        await memoryFiles.forget(snapshot)
    }

    package func shed(_ reserve: EngineReserve, atLeast bytes: UInt64) async -> UInt64 {
        // Machines have no templates: a snapshot's pages are its file's, which the kernel takes back by itself.
        guard reserve == .readyClones else { return 0 }
        var freed: UInt64 = 0
        while freed < bytes, let machine = await standing.takeAny() {
            freed += (try? await machine.memory())?.unique ?? 0
            await end(machine)
        }
        return freed
    }

    // MARK: - All machines

    /// By the time that machines are waited for with.
    func deadline(in limit: Duration) -> Deadline { Deadline(in: limit, from: launcher.clock.now) }

    func launch(_ order: MachineLauncher.Order) async throws(SandboxError) -> Machine {
        let machine = try await launcher.launch(order)
        guard await machines.add(machine) else {
            await machine.end()
            throw .host("the server is shutting down")
        }
        return machine
    }

    func end(_ machine: Machine) async {
        await machine.end()
        await machines.remove(machine)
    }
}
