import Basics
import GuestProtocol
import LinuxKit
import Logging
import Sandboxes
import Snapshots
import SystemPackage

/// From a specification to a machine with an initialised runtime.
extension MicroVMEngine {
    package func start(
        _ specification: SandboxSpecification, deadline: Deadline, output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        let start = launcher.clock.now
        let machine = try await launchTemplate(specification, by: deadline, output: output)
        do throws(SandboxError) {
            try await booted(machine)
            // No code of the function has run yet: the boot is not charged to it.
            let deadline = deadline.later(by: launcher.clock.now - start)
            var initialization = specification.initialization
            initialization.uniqueness.takeHostClock()
            machine.guest.send(.initialize(initialization))
            let readyCall = try await initialized(machine, by: deadline)
            return MicroVM(
                machine: machine, engine: self,
                description: MachineDescription(
                    image: specification.image, codeImage: specification.codeImage,
                    layersImage: specification.layersImage,
                    memoryMegabytes: specification.memoryMegabytes),
                processor: processor, readyCall: readyCall)
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
        let hello = try await machine.guest.next(during: .boot, by: self.deadline(in: Self.bootLimit))
        guard case .hello = hello else { throw unexpected(hello, during: .boot) }
    }

    private func launchTemplate(
        _ specification: SandboxSpecification, by deadline: Deadline, output: @escaping OutputSink
    ) async throws(SandboxError) -> Machine {
        let scratch = try await hypervisor.disks.fresh(from: specification.scratchImage, in: directory)
        var files = try MachineFiles(
            image: specification.image, codeImage: specification.codeImage, layersImage: specification.layersImage,
            memory: try guestMemory(specification), scratch: scratch)
        if specification.initialization.isSnapStart {
            files.state = try hostCall("make a file in \(directory)") { try MachineFiles.new(in: directory).shared() }
        }
        return try await launch(
            MachineLauncher.Order(
                id: specification.id, role: .template, memoryMegabytes: specification.memoryMegabytes, files: files,
                output: OutputRelay(output), deadline: deadline, network: specification.network))
    }

    /// Only what becomes a snapshot needs a file on disk.
    private func guestMemory(_ specification: SandboxSpecification) throws(SandboxError) -> SharedDescriptor {
        try hostCall("make guest memory in \(directory)") {
            let file =
                specification.initialization.isSnapStart
                ? try MachineFiles.new(in: directory)
                : try OwnedDescriptor.memoryFile(named: "thaw-guest-memory")
            try file.setSize(Int64(specification.memoryMegabytes) << 20)
            try file.giveToMachines()
            return file.shared()
        }
    }

    private func initialized(_ machine: Machine, by deadline: Deadline) async throws(SandboxError) -> ReadyCall {
        let message = try await machine.guest.next(during: .initialization, by: deadline)
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
        let words = [("its console", console), (hypervisor.name, machine.files.lastWords)]
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
}

extension Uniqueness {
    /// The time that passed while the machine was made ready is not lost to its clock.
    mutating func takeHostClock() { wallClockNanoseconds = WallClock.now() }
}
