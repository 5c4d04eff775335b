import Basics
import LinuxKit
import NIOPosix
import Sandboxes
import SystemPackage

/// A machine that shows whether guests run: the engine's own QEMU process, with ``ProbeGuest`` in place of a kernel and nothing
/// behind its disks and its network.
package struct ProbeMachine {
    let virtualisation: Virtualisation

    package init(virtualisation: Virtualisation) {
        self.virtualisation = virtualisation
    }

    /// Why no guest runs.
    package enum Failure: Error, CustomStringConvertible {
        case notStarted(String)
        /// The jail can have no node of /dev/kvm.
        case noNode
        case silent(String?)
        case slow

        package var description: String {
            switch self {
            case .notStarted(let what): what
            case .noNode: "no device node can be made here"
            case .silent(let words): words ?? "it says nothing within \(startLimit)"
            case .slow: "it did not count to ten million within \(countLimit)"
            }
        }
    }

    /// QEMU and firmware take 0.1 s, and 2 s where the host is itself emulated.
    private static let startLimit = Duration.seconds(10)
    /// See ``ProbeGuest`` for what tells a processor from an interpreter.
    private static let countLimit = Duration.seconds(4)
    private static let megabytes = 128

    /// The version of the QEMU that ran a guest to its end.
    package func run() async throws(Failure) -> QEMUVersion {
        let (outcome, words): (Result<QEMUVersion, Failure>, String?)
        do throws(SandboxError) {
            let (qemu, parts) = try await prepared()
            outcome = await Self.outcome(of: try await qemu.start(parts))
            words = parts.files.lastWords
            withExtendedLifetime(qemu) {}
        } catch {
            throw error.isMissingNode ? .noNode : .notStarted("\(error)")
        }
        do throws(Failure) { return try outcome.get() } catch .slow {
            throw .slow
        } catch {
            // What QEMU said is closer to the cause than what was missed.
            throw words.map { .notStarted($0) } ?? error
        }
    }

    private static func outcome(of started: consuming StartedMachine) async -> Result<QEMUVersion, Failure> {
        let process = started.process
        let console = started.console.shared()
        let group = MultiThreadedEventLoopGroup.singleton
        let outcome: Result<QEMUVersion, Failure>
        do {
            let control = try await QMPClient.connect(
                started.control, group: group, clock: EventLoopClock(group: group), deadline: Deadline(in: startLimit))
            outcome = await BlockingThread.run { watch(console) }.map { control.qemuVersion }
            control.close()
        } catch {
            outcome = .failure(.notStarted("QEMU did not start: \(error)"))
        }
        await process.end()
        return outcome
    }

    private static let tap = "tap0"

    /// A namespace with a tap device in which nothing else is.
    static func network() async throws(NetworkError) -> SharedDescriptor {
        try await BlockingThread.run { () throws(NetworkError) in
            let namespace = try NetworkNamespace.create()
            try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in try Tap.make(named: tap, index: 2) }
            return namespace
        }
    }

    // MARK: - Private

    private func prepared() async throws(SandboxError) -> (QEMU, MachineParts) {
        (QEMU(spawner: try hostCall("start a thread") { try Spawner() }), try await parts())
    }

    private func parts() async throws(SandboxError) -> MachineParts {
        let network = try await hostCall { try await Self.network() }
        return MachineParts(
            role: .template, virtualisation: virtualisation, timeStampCounterKilohertz: 1,
            memoryMegabytes: Self.megabytes, files: try Self.files(), network: network, tap: Self.tap,
            user: MachineUser.probe, largestFile: 16 << 20)
    }

    private static func files() throws(SandboxError) -> MachineFiles {
        let diskBytes = 1 << 20
        let (kernel, disk, memory, layer) = try hostCall("make files in memory") {
            let memory = try OwnedDescriptor.memoryFile(named: "thaw-probe")
            try memory.setSize(Int64(megabytes) << 20)
            try memory.setOwner(user: 0, group: MachineUser.group)
            try memory.setPermissions([.ownerReadWrite, .groupReadWrite])
            let layer = try OwnedDescriptor.memoryFile(named: "thaw-probe")
            try layer.writeAll(CopyOnWriteDisk.image(size: UInt64(diskBytes)))
            let disk = try readable([UInt8](repeating: 0, count: diskBytes))
            return (try readable(ProbeGuest.kernel), disk, memory.shared(), layer.shared())
        }
        return try MachineFiles(
            kernel: kernel, initramfs: disk, root: disk, code: disk, memory: memory,
            scratch: [.init(file: disk, format: .raw), .init(file: layer, format: .qcow2)])
    }

    /// Reads only: QEMU takes no descriptor from a set that can do more than it was asked for.
    private static func readable(_ bytes: [UInt8]) throws(Errno) -> SharedDescriptor {
        let file = try OwnedDescriptor.memoryFile(named: "thaw-probe")
        try file.writeAll(bytes)
        return try file.withRaw { raw throws(Errno) in
            try OwnedDescriptor.open(FilePath("/proc/self/fd/\(raw)"), .readOnly)
        }.shared()
    }

    /// Reads the console until the guest has said its last, or says no more. Blocks.
    private static func watch(_ console: SharedDescriptor) -> Result<Void, Failure> {
        var end = ContinuousClock.now + startLimit
        var hasBegun = false
        while true {
            let left = end - ContinuousClock.now
            guard left > .zero, (try? console.descriptor.wait(for: .readable, atMost: left)) == true,
                let said = try? console.descriptor.read(upTo: 64), !said.isEmpty
            else { return .failure(hasBegun ? .slow : .silent(nil)) }
            if !hasBegun, said.contains(ProbeGuest.began) {
                hasBegun = true
                end = ContinuousClock.now + countLimit
            }
            if hasBegun, said.contains(ProbeGuest.ended) { return .success(()) }
        }
    }
}
