import Basics
import GuestProtocol
import LinuxKit
import NetworkModel
import Sandboxes
import Snapshots
import SystemPackage

/// From a snapshot to a clone that is ready for its first invocation.
extension MicroVMEngine {
    package func thaw(
        _ snapshot: SnapshotLease, uniqueness: Uniqueness, network: NetworkMode, deadline: Deadline,
        output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        let began = MonotonicClock.now()
        let reading = try MachineDescription.read(snapshot, on: processor, hypervisor: hypervisor)
        let machine: Machine
        var times: ThawTimes
        if let standing = await takeStanding(snapshot.id) {
            (machine, times) = (standing, ThawTimes(.ready, start: began))
        } else {
            (machine, times) = (
                try await standingClone(of: snapshot, reading, by: deadline), ThawTimes(.new, start: began)
            )
            times.end(.make, at: MonotonicClock.now())
        }
        machine.output.connect(to: output)
        do throws(SandboxError) {
            try machine.join(network)
            try await resume(machine, by: deadline)
            var uniqueness = uniqueness
            uniqueness.takeHostClock()
            machine.guest.send(.thaw(uniqueness))
            try await restored(machine, by: deadline)
            times.end(.restore, at: MonotonicClock.now())
        } catch {
            await end(machine)
            throw error
        }
        return MicroVM(
            machine: machine, engine: self, description: reading.machine, processor: processor,
            readyCall: reading.readyCall, thawTimes: times)
    }

    /// A clone that waits and has not died meanwhile.
    private func takeStanding(_ snapshot: SnapshotID) async -> Machine? {
        while let machine = await standing.take(snapshot) {
            if machine.guest.isQuiet { return machine }
            await end(machine)
        }
        return nil
    }

    private func resume(_ machine: Machine, by deadline: Deadline) async throws(SandboxError) {
        do throws(ControlFailure) { try await machine.control.resume(by: deadline) } catch {
            throw late(deadline) ?? SandboxError(.lost(during: .restore), nil, error)
        }
    }

    /// The error of a machine that did not answer in time.
    private func late(_ deadline: Deadline) -> SandboxError? {
        deadline.remaining(at: launcher.clock.now) > .zero ? nil : .timedOut(.restore, limit: deadline.limit)
    }

    private func restored(_ machine: Machine, by deadline: Deadline) async throws(SandboxError) {
        var isUnique = false
        while true {
            let message = try await machine.guest.next(during: .restore, by: deadline)
            switch message {
            case .thawed where !isUnique: isUnique = true
            case .restored where isUnique: return
            case .restoreFailed(let failure): throw .restoreFailed(failure)
            default: throw unexpected(message, during: .restore)
            }
        }
    }

    /// Starts a clone that has loaded its state and stands still: all that is left is to let it run.
    private func standingClone(
        of snapshot: SnapshotLease, _ reading: MachineDescription.Reading, by deadline: Deadline
    ) async throws(SandboxError) -> Machine {
        let memory = try await memoryFiles.open(snapshot)
        var files = try MachineFiles(
            image: reading.machine.image, codeImage: reading.machine.codeImage,
            layersImage: reading.machine.layersImage, memory: memory,
            scratch: try await hypervisor.disks.copy(of: snapshot, in: directory))
        files.state = try MachineFiles.open(snapshot.path(MachineDescription.File.state))
        let machine = try await launch(
            MachineLauncher.Order(
                id: .random(), role: .clone, memoryMegabytes: reading.machine.memoryMegabytes, files: files,
                output: OutputRelay(), deadline: deadline, requiredVersion: reading.version))
        do throws(ControlFailure) {
            try await machine.control.loadState(
                of: files, by: min(deadline, self.deadline(in: Self.loadLimit)))
        } catch {
            await end(machine)
            if let late = late(deadline) { throw late }
            throw .snapshotUnusable("\(hypervisor.name) does not load its state: \(files.lastWords ?? "\(error)")")
        }
        return machine
    }

    private static let loadLimit = Duration.seconds(30)
    /// Of a clone that nobody waits for.
    private static let aheadLimit = Duration.seconds(60)
    private static let rehearsalLimit = Duration.seconds(10)

    /// A clone that waits has also run the supervisor's part of a thaw: under emulation that is where half of the time to
    /// the first response goes. No code of the function has run in it.
    private func rehearse(_ machine: Machine) async throws(SandboxError) {
        let deadline = deadline(in: Self.rehearsalLimit)
        try await resume(machine, by: deadline)
        machine.guest.send(.rehearse)
        let answer = try await machine.guest.next(during: .restore, by: deadline)
        guard answer == .rehearsed else { throw unexpected(answer, during: .restore) }
        try await wrapping(.lost(during: .restore)) { try await machine.control.pause(by: deadline) }
    }

    /// A guest whose channel does not outlive a snapshot makes a new one as soon as it runs, which takes longer than to let it go on.
    private func meetGuest(of machine: Machine) async throws(SandboxError) {
        guard !machine.guest.isOpened else { return }
        let deadline = deadline(in: Self.rehearsalLimit)
        try await resume(machine, by: deadline)
        guard await machine.guest.isOpened(by: deadline) else {
            throw .lost("the guest does not connect to the host", during: .restore)
        }
        try await wrapping(.lost(during: .restore)) { try await machine.control.pause(by: deadline) }
    }

    func prepareAhead(_ snapshot: SnapshotLease) async throws(SandboxError) -> Machine {
        let machine = try await standingClone(
            of: snapshot, try MachineDescription.read(snapshot, on: processor, hypervisor: hypervisor),
            by: deadline(in: Self.aheadLimit))
        do throws(SandboxError) {
            if accelerator == .tcg { try await rehearse(machine) } else { try await meetGuest(of: machine) }
        } catch {
            await end(machine)
            throw error
        }
        return machine
    }
}
