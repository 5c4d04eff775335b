import Glibc
import GuestProtocol
import LinuxKit
import Logging
import NIOPosix
import NetworkModel
import Sandboxes
import SlotNetwork
import Snapshots
import SystemPackage

/// Sandboxes that are virtual machines: QEMU's `microvm`, with hardware virtualisation where the host has it.
package final class MicroVMEngine: SandboxEngine {
    package let isolation = IsolationLevel.microvm
    package let accelerator: Accelerator

    private let host: HostTraits
    /// As it was when the server started.
    private let qemuVersion: String?
    private let launcher: MachineLauncher
    private let machines = MachineRegistry()
    private let prepared = PreparedClones()
    private let memoryFiles = TemplateMemory()
    /// Unnamed files are made here: the file system that holds the snapshots.
    private let directory: FilePath

    /// - Parameters:
    ///   - directory: on the file system of the snapshots; made if missing.
    ///   - findings: of this host, when the caller has them. What was found to fail is told again by whoever uses it.
    ///   - instance: tells this server's cgroups from those of another one on the host; letters and digits.
    package static func make(
        findings: MicroVMFindings? = nil, directory: FilePath, instance: String, slots: any SlotNetwork, logger: Logger
    ) async throws(SandboxError) -> MicroVMEngine {
        let findings = if let findings { findings } else { await Self.findings() }
        let host = await BlockingThread.run { HostTraits.measure(findings.virtualisation) }
        let spawner = try hostCall("start a thread") { try Spawner() }
        try hostCall("make \(directory)") { try Directory.create(directory, existingIsFine: true) }
        let cgroups = try cgroups(instance)
        return MicroVMEngine(
            host: host, qemuVersion: findings.qemuVersion, directory: directory,
            launcher: MachineLauncher(
                host: host, slots: slots, cgroups: cgroups, spawner: spawner,
                group: MultiThreadedEventLoopGroup.singleton, logger: logger))
    }

    private init(host: HostTraits, qemuVersion: String?, directory: FilePath, launcher: MachineLauncher) {
        self.host = host
        self.qemuVersion = qemuVersion
        accelerator = host.accelerator
        self.directory = directory
        self.launcher = launcher
    }

    package func sweep() async throws(SandboxError) { try await launcher.cgroups.sweep() }

    /// The same where no engine has been made. Machines themselves die with their server.
    package static func sweep(instance: String) async throws(SandboxError) { try await cgroups(instance).sweep() }

    private static func cgroups(_ instance: String) throws(SandboxError) -> MachineCgroups {
        MachineCgroups(hierarchy: try hostCall { try .detect() }, instance: instance)
    }

    package func shutdown() async {
        await prepared.close()
        await machines.endAll()
        await launcher.cgroups.removeParents()
    }

    // MARK: - Booting

    package func start(
        _ specification: SandboxSpecification, deadline: Duration, output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        let machine = try await launchTemplate(specification, output: output)
        do throws(SandboxError) {
            try await booted(machine)
            let clock = ContinuousClock()
            let start = clock.now
            var initialization = specification.initialization
            initialization.uniqueness.setClock()
            machine.guest.send(.initialize(initialization))
            let readyCall = try await initialized(machine, within: deadline - (clock.now - start))
            return MicroVM(
                machine: machine, engine: self,
                blueprint: Blueprint(
                    image: specification.image, codeImage: specification.codeImage,
                    memoryMegabytes: specification.memoryMegabytes),
                host: host, readyCall: readyCall)
        } catch {
            let console = machine.console.lastWords
            await end(machine)
            throw machine.ranOutOfRoom
                ? .noRoom(forMegabytes: specification.memoryMegabytes) : failure(error, of: machine, console: console)
        }
    }

    /// A boot that takes longer has hung: it takes 2 to 3 s under emulation on an idle host.
    private static let bootLimit = Duration.seconds(90)

    private func booted(_ machine: Machine) async throws(SandboxError) {
        let hello = try await machine.guest.next(during: .boot, within: Self.bootLimit)
        guard case .hello = hello else { throw unexpected(hello, during: .boot) }
    }

    private func launchTemplate(
        _ specification: SandboxSpecification, output: @escaping OutputSink
    ) async throws(SandboxError) -> Machine {
        let pristine = try MachineFiles.open(specification.scratchImage)
        let size = try hostCall("look at \(specification.scratchImage)") {
            try FileStatus.of(pristine.descriptor).size
        }
        let files = try MachineFiles(
            image: specification.image, codeImage: specification.codeImage,
            memory: try guestMemory(specification),
            scratch: [
                .init(file: pristine, format: .raw),
                try MachineFiles.newScratchLayer(size: UInt64(size), in: directory),
            ])
        return try await launch(
            MachineLauncher.Order(
                id: specification.id, role: .template, memoryMegabytes: specification.memoryMegabytes, files: files,
                output: OutputRelay(output), network: specification.network))
    }

    /// Only what becomes a snapshot needs a file on disk.
    private func guestMemory(_ specification: SandboxSpecification) throws(SandboxError) -> SharedDescriptor {
        try hostCall("make guest memory in \(directory)") {
            let file =
                specification.initialization.isSnapStart
                ? try OwnedDescriptor.openTemporary(in: directory)
                : try OwnedDescriptor.memoryFile(named: "thaw-guest-memory")
            try file.setSize(Int64(specification.memoryMegabytes) << 20)
            try file.setOwner(user: 0, group: MachineProcess.group)
            try file.setPermissions([.ownerReadWrite, .groupReadWrite])
            return file.shared()
        }
    }

    private func initialized(_ machine: Machine, within limit: Duration) async throws(SandboxError) -> ReadyCall {
        let message = try await machine.guest.next(during: .initialization, within: limit)
        switch message {
        case .initialized(let call): return call
        case .initializationFailed(let failure): throw .initializationFailed(failure)
        default: throw unexpected(message, during: .initialization)
        }
    }

    /// A machine that does not boot is the host's failure and never the function's, no code of which has run yet.
    private func failure(_ error: SandboxError, of machine: Machine, console: String?) -> SandboxError {
        let (what, phase): (String, SandboxError.Phase)
        switch error.code {
        case .timedOut(.boot, let limit):
            (what, phase) = ("it did not come up within \(limit.components.seconds) seconds", .boot)
        case .lost(let during): (what, phase) = (error.message, during)
        default: return error
        }
        let words = [("its console", console), ("QEMU", machine.files.lastWords)]
            .compactMap { who, said in said.map { "\(who) said last: \($0)" } }
        let said = words.isEmpty ? "it said nothing" : words.joined(separator: "; ")
        launcher.logger.error(
            "a virtual machine failed before its function was ready",
            metadata: [
                "sandbox": "\(machine.id)", "during": "\(phase.rawValue)", "what": "\(what)", "words": "\(said)",
            ])
        guard phase == .boot else { return .lost("\(what); \(said)", during: phase) }
        return .host(
            "the virtual machine did not boot, which is not the function's doing: \(what); \(said). "
                + "`thaw doctor` tells whether this host can run virtual machines")
    }

    // MARK: - Cloning

    package func thaw(
        _ snapshot: SnapshotLease, uniqueness: Uniqueness, network: NetworkMode, deadline: Duration,
        output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        let clock = ContinuousClock()
        let start = clock.now
        let reading = try Blueprint.read(snapshot, host: host)
        let machine =
            if let ready = await takePrepared(snapshot.id) { ready } else { try await prepare(snapshot, reading) }
        machine.output.connect(to: output)
        do throws(SandboxError) {
            try machine.join(network)
            try await resume(machine)
            var uniqueness = uniqueness
            uniqueness.setClock()
            machine.guest.send(.thaw(uniqueness))
            try await restored(machine, until: start + deadline, limit: deadline)
        } catch {
            await end(machine)
            throw error
        }
        return MicroVM(
            machine: machine, engine: self, blueprint: reading.blueprint, host: host, readyCall: reading.readyCall)
    }

    /// A clone that waits and has not died meanwhile.
    private func takePrepared(_ snapshot: SnapshotID) async -> Machine? {
        while let machine = await prepared.take(snapshot) {
            if machine.guest.isQuiet { return machine }
            await end(machine)
        }
        return nil
    }

    private func resume(_ machine: Machine) async throws(SandboxError) {
        try await wrapping(.lost(during: .restore)) { _ = try await machine.control.execute(ContinueMachine()) }
    }

    private func restored(
        _ machine: Machine, until end: ContinuousClock.Instant, limit: Duration
    ) async throws(SandboxError) {
        var isUnique = false
        while true {
            let left = max(.zero, end - ContinuousClock.now)
            let message: GuestMessage
            do throws(SandboxError) { message = try await machine.guest.next(during: .restore, within: left) } catch {
                throw error.naming(limit: limit)
            }
            switch message {
            case .thawed where !isUnique: isUnique = true
            case .restored where isUnique: return
            case .restoreFailed(let failure): throw .restoreFailed(failure)
            default: throw unexpected(message, during: .restore)
            }
        }
    }

    /// Starts a clone that has loaded its state and stands still: all that is left is to let it run.
    private func prepare(_ snapshot: SnapshotLease, _ reading: Blueprint.Reading) async throws(SandboxError) -> Machine
    {
        let memory = try await memoryFiles.open(snapshot)
        let pristine = try MachineFiles.open(snapshot.path(Blueprint.File.pristineScratch))
        let size = try hostCall("look at \(snapshot.directory)") {
            try FileStatus.of(pristine.descriptor).size
        }
        let state = try MachineFiles.open(snapshot.path(Blueprint.File.state))
        let files = try MachineFiles(
            image: reading.blueprint.image, codeImage: reading.blueprint.codeImage, memory: memory,
            scratch: [
                .init(file: pristine, format: .raw),
                .init(file: try MachineFiles.open(snapshot.path(Blueprint.File.scratch)), format: .qcow2),
                try MachineFiles.newScratchLayer(size: UInt64(size), in: directory),
            ])
        let machine = try await launch(
            MachineLauncher.Order(
                id: .random(), role: .clone, memoryMegabytes: reading.blueprint.memoryMegabytes, files: files,
                output: OutputRelay(), requiredVersion: reading.qemuVersion))
        do throws(QMPError) {
            _ = try await machine.control.execute(SetMigrationCapabilities.stateOnly)
            let stream = try await machine.control.passStream(state.descriptor)
            _ = try await machine.control.execute(MigrateIncoming(uri: stream))
            try await machine.control.migrationCompleted(deadline: .seconds(30))
        } catch {
            await end(machine)
            throw .snapshotUnusable("QEMU does not load its state: \(files.lastWords ?? "\(error)")")
        }
        return machine
    }

    /// A clone that waits has also run the supervisor's part of a thaw: under emulation that is where half of the time to
    /// the first response goes. No code of the function has run in it.
    private func rehearse(_ machine: Machine) async throws(SandboxError) {
        try await resume(machine)
        machine.guest.send(.rehearse)
        let answer = try await machine.guest.next(during: .restore, within: .seconds(10))
        guard answer == .rehearsed else { throw unexpected(answer, during: .restore) }
        try await wrapping(.lost(during: .restore)) { _ = try await machine.control.execute(StopMachine()) }
    }

    private func prepareAhead(_ snapshot: SnapshotLease) async throws(SandboxError) -> Machine {
        let machine = try await prepare(snapshot, try Blueprint.read(snapshot, host: host))
        guard accelerator == .tcg else { return machine }
        do throws(SandboxError) { try await rehearse(machine) } catch {
            await end(machine)
            throw error
        }
        return machine
    }

    /// What this engine builds ahead belongs to a snapshot, see ``keepReady(_:of:)``.
    package func prepare() async {}

    package func refusal(of manifest: SnapshotManifest) -> String? {
        Blueprint.refusal(of: manifest, host: host, qemuVersion: qemuVersion)
    }

    package func keepReady(_ count: Int, of snapshot: SnapshotLease) async {
        await prepared.keep(count, of: snapshot.id) { [self] in
            do throws(SandboxError) { return try await prepareAhead(snapshot) } catch {
                launcher.logger.warning(
                    "cannot prepare a clone", metadata: ["snapshot": "\(snapshot.id)", "error": "\(error)"])
                return nil
            }
        } end: { [self] machine in
            await end(machine)
        }
    }

    // MARK: - All machines

    private func launch(_ order: MachineLauncher.Order) async throws(SandboxError) -> Machine {
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

extension Uniqueness {
    /// The time that passed while the machine was made ready is not lost to its clock.
    fileprivate mutating func setClock() { wallClockNanoseconds = WallClock.now() }
}
