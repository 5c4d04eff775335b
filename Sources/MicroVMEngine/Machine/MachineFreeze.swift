import Basics
import GuestProtocol
import LinuxKit
import Sandboxes
import Snapshots
import SystemPackage

/// The way from a running template to the files of a snapshot.
struct MachineFreeze: Sendable {
    let machine: Machine
    let hypervisor: any Hypervisor
    let description: MachineDescription
    let processor: VirtualProcessor
    let readyCall: ReadyCall

    private static let quietLimit = Duration.seconds(60)
    private static let stateLimit = Duration.seconds(60)

    func write(into staging: SnapshotStaging) async throws(SandboxError) -> FrozenSandbox {
        // Guest memory is a file: what was written so far reaches the disk before the pause, not during it.
        let memory = machine.files.memory
        try await onOwnThread("write guest memory") { () throws(Errno) in try memory.descriptor.sync() }
        machine.guest.send(.freeze)
        let answer = try await machine.guest.next(during: .freeze, by: machine.deadline(in: Self.quietLimit))
        guard answer == .frozen else { throw unexpected(answer, during: .freeze) }

        let clock = ContinuousClock()
        let start = clock.now
        try await saveState()
        try await nameFiles(in: staging)
        return FrozenSandbox(
            engine: description.manifest(
                processor, hypervisor: hypervisor, version: machine.control.version, readyCall: readyCall),
            pause: clock.now - start)
    }

    private func saveState() async throws(SandboxError) {
        let control = machine.control
        try await wrapping(.lost(during: .freeze)) {
            let limit = machine.deadline(in: Self.stateLimit)
            try await control.pause(by: limit)
            try await control.saveState(of: machine.files, by: limit)
        }
    }

    private func nameFiles(in staging: SnapshotStaging) async throws(SandboxError) {
        let (files, disks) = (machine.files, hypervisor.disks)
        try await onOwnThread("name the snapshot's files in \(staging.directory)") { () throws(Errno) in
            try files.memory.descriptor.link(to: staging.path(MachineDescription.File.memory))
            try files.state?.descriptor.link(to: staging.path(MachineDescription.File.state))
            try disks.keep(files.scratch, in: staging)
        }
    }

    private func onOwnThread(
        _ action: String, _ body: @escaping @Sendable () throws(Errno) -> Void
    ) async throws(SandboxError) {
        let outcome = await BlockingThread.run { Result { () throws(Errno) in try body() } }
        try hostCall(action) { try outcome.get() }
    }
}
