import LinuxKit
import Sandboxes
import SystemPackage

/// One QEMU to be: the jail it is started in, its arguments, and what it inherits.
struct MachineProcess: Sendable {
    static let program: FilePath = "/usr/bin/qemu-system-x86_64"

    /// Identities outside what Debian gives out. All machines share the group, which may write snapshot memory files
    /// (QEMU insists on opening them for writing); each has a user of its own.
    static let group: UInt32 = 1_900_000_000
    static let firstUser = group + 1
    /// Of the one that the host is tried out with.
    static let probeUser = group

    /// Descriptors 0 to 2 are standard; the rest follow in the order of ``given``.
    private static let firstDescriptor: CInt = 3

    var role: QEMUCommandLine.Role
    var virtualisation: Virtualisation
    var timeStampCounterKilohertz: UInt64
    var memoryMegabytes: Int
    var files: MachineFiles
    var network: SharedDescriptor
    var tap: SharedDescriptor
    var cgroup: Cgroup?
    var user: UInt32
    /// Where no cgroup counts what is written to files in memory.
    var largestFile: UInt64?

    /// A started process and our ends of its sockets. Its own ends are closed here by then, so that its death is seen.
    struct Started: ~Copyable {
        let process: ChildProcess
        let control: OwnedDescriptor
        let guest: OwnedDescriptor
        let console: OwnedDescriptor
    }

    /// Why there is no process.
    enum Failure: Error {
        case host(SandboxError)
        case spawn(SpawnError)

        var error: SandboxError {
            switch self {
            case .host(let error): error
            case .spawn(let error): .host("\(error) `thaw doctor` tells what this host lacks", cause: error)
            }
        }

        /// Whether it is the jail's own node of /dev/kvm that cannot be made.
        var isNode: Bool {
            if case .spawn(let error) = self, case .step(.makeDevice) = error.stage { true } else { false }
        }
    }

    func start(_ spawner: Spawner) async throws(Failure) -> Started {
        let control = try SocketEnds()
        let guest = try SocketEnds()
        let console = try SocketEnds()
        do throws(SpawnError) {
            let process = try await spawner.spawn(plan([control.theirs, guest.theirs, console.theirs]))
            return Started(process: process, control: control.ours, guest: guest.ours, console: console.ours)
        } catch {
            throw .spawn(error)
        }
    }

    // MARK: - Private

    private func plan(_ sockets: [SharedDescriptor]) throws(SpawnError) -> SpawnPlan {
        let kvm = virtualisation.descriptor
        let given =
            sockets + [tap, files.kernel, files.initramfs, files.memory, files.root, files.code]
            + files.scratch.map(\.file) + (kvm.map { [$0] } ?? [])
        let number = { (index: Int) in Self.firstDescriptor + CInt(index) }
        let commandLine = QEMUCommandLine(
            role: role, accelerator: virtualisation.accelerator, memoryMegabytes: memoryMegabytes,
            processors: ProcessorShare.processors(forMegabytes: memoryMegabytes),
            timeStampCounterKilohertz: timeStampCounterKilohertz,
            descriptors: QEMUCommandLine.Descriptors(
                control: number(0), guest: number(1), console: number(2), tap: number(3), kernel: number(4),
                initramfs: number(5), memory: number(6), root: number(7), code: number(8),
                scratch: files.scratch.enumerated().map { index, layer in
                    QEMUCommandLine.ScratchLayer(descriptor: number(9 + index), format: layer.format)
                }, kvm: kvm.map { _ in number(given.count - 1) }))
        var plan = try jail.plan(
            running: Self.program, arguments: [Self.program.string] + commandLine.arguments,
            environment: ["PATH": "/usr/bin"])
        plan.descriptors = Dictionary(uniqueKeysWithValues: given.enumerated().map { (number($0.offset), $0.element) })
        plan.descriptors[2] = files.errors
        return plan
    }

    private var jail: Jail {
        var jail = Jail(mountPoint: "/mnt", user: user, group: Self.group)
        jail.network = network
        jail.cgroup = cgroup
        jail.limits = [.coreFileBytes: 0, .openFiles: 256, .lockedMemoryBytes: 65_536]
        if let largestFile { jail.limits[.fileBytes] = largestFile }
        virtualisation.open(in: &jail)
        return jail
    }
}

/// A socket pair of which one end goes to QEMU.
private struct SocketEnds: ~Copyable {
    let ours: OwnedDescriptor
    let theirs: SharedDescriptor

    init() throws(MachineProcess.Failure) {
        do throws(Errno) {
            self = try OwnedDescriptor.socketPair().take { SocketEnds(ours: $0, theirs: $1.shared()) }
        } catch {
            throw .host(.host(refusing: "make a socket pair", error))
        }
    }

    private init(ours: consuming OwnedDescriptor, theirs: SharedDescriptor) {
        self.ours = ours
        self.theirs = theirs
    }
}
