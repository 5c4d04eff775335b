import Basics
import LinuxKit
import NIOCore
import NIOPosix
import Sandboxes
import SystemPackage

/// Firecracker as the hypervisor: one process a machine, in a jail of its own, that inherits all its files and opens them by the
/// names of their descriptors. Those are the same in every machine, as its state wants it.
package struct Firecracker: Hypervisor {
    /// Of a machine's process; 0 to 2 are standard.
    enum Descriptor: CInt {
        case sockets = 3
        case kernel, initramfs, root, code, scratch, memory, state, layers
    }

    private static let insideJail: FilePath = "/firecracker"
    private static let tunnel: FilePath = "/dev/net/tun"
    /// It listens within 10 ms, and 2 s where the host is itself emulated.
    private static let listenLimit = Duration.seconds(20)
    /// It reads the kernel before it says that a machine runs: 0.1 s, and 15 s where the host is itself emulated.
    private static let bootLimit = Duration.seconds(60)

    let program: FilePath
    /// What it has started dies with it.
    private let spawner: Spawner
    package let name = "Firecracker"
    package let overheadMegabytes = 64
    package let disks: any WritableDisks = CopiedDisks()

    package init(program: FilePath, spawner: Spawner) {
        self.program = program
        self.spawner = spawner
    }

    package func start(_ parts: MachineParts) async throws(SandboxError) -> StartedMachine {
        let sockets = try SocketDirectory(user: parts.user)
        let guest = try sockets.listen(for: parts.user)
        let console = try SocketEnds()
        let process: ChildProcess
        do throws(SpawnError) {
            process = try await spawner.spawn(try plan(parts, sockets, console: console.theirs))
        } catch {
            throw .host("\(error) `thaw doctor` tells what this host lacks", cause: error)
        }
        guard await Self.listens(process, sockets) else {
            await process.end()
            throw .host("Firecracker did not start: \(parts.files.lastWords ?? "it said nothing")")
        }
        return StartedMachine(
            process: process, control: try hostCall { try sockets.descriptor.descriptor.duplicate() },
            guest: .listening(guest), console: console.ours)
    }

    package func connect(
        _ control: consuming OwnedDescriptor, to parts: MachineParts, group: any EventLoopGroup,
        clock: any DeadlineClock, by deadline: Deadline
    ) async throws -> any MachineControl {
        let api = FirecrackerAPI(SocketDirectory(control), group: group, clock: clock)
        let deadline = parts.role == .template ? Deadline(in: Self.bootLimit, from: clock.now) : deadline
        do { return try await FirecrackerControl.open(api, parts, by: deadline) } catch {
            api.close()
            throw error
        }
    }

    /// As its process sees it.
    static func path(_ descriptor: Descriptor) -> FilePath { SocketDirectory.path(of: descriptor.rawValue) }

    // MARK: - Private

    private static func listens(_ process: ChildProcess, _ sockets: SocketDirectory) async -> Bool {
        await BlockingThread.run {
            guard let watch = try? DirectoryWatch.begin(sockets.path) else { return false }
            return (try? watch.wait(for: SocketDirectory.control, madeBy: process, atMost: listenLimit)) ?? false
        }
    }

    private func plan(
        _ parts: MachineParts, _ sockets: SocketDirectory, console: SharedDescriptor
    ) throws(SpawnError) -> SpawnPlan {
        let files = parts.files
        let given: [Descriptor: SharedDescriptor?] = [
            .sockets: sockets.descriptor, .kernel: files.kernel, .initramfs: files.initramfs, .root: files.root,
            .code: files.code, .scratch: files.scratch.last?.file, .memory: files.memory, .state: files.state,
            .layers: files.layers,
        ]
        let control = Self.path(.sockets).appending(SocketDirectory.control)
        var plan = try jail(parts).plan(
            running: Self.insideJail,
            arguments: [
                Self.insideJail.string, "--api-sock", control.string, "--id", "thaw",
                // A line for every request would go to the guest's console.
                "--level", "Warn", "--log-path", SocketDirectory.path(of: 2).string,
            ])
        for (descriptor, file) in given { if let file { plan.descriptors[descriptor.rawValue] = file } }
        plan.descriptors[1] = console
        plan.descriptors[2] = files.errors
        return plan
    }

    private func jail(_ parts: MachineParts) -> Jail {
        var jail = Jail(mountPoint: "/mnt", user: parts.user, group: MachineUser.group)
        jail.network = parts.network
        jail.cgroup = parts.cgroup
        jail.outOfMemoryScore = KillOrder.sandbox.rawValue
        jail.limits = [.coreFileBytes: 0, .openFiles: 256, .lockedMemoryBytes: 65_536]
        if let largestFile = parts.largestFile { jail.limits[.fileBytes] = largestFile }
        jail.binds = [Jail.Bind(program, at: Self.insideJail)]
        parts.virtualisation.open(in: &jail)
        switch parts.virtualisation {
        case .ownNode: jail.ownDevices.append(Self.tunnel)
        case .hostNode, .descriptor, .emulated: jail.devices.append(Self.tunnel)
        }
        return jail
    }
}
