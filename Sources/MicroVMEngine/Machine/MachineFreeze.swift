import Basics
import GuestProtocol
import LinuxKit
import Sandboxes
import Snapshots
import SystemPackage

/// The way from a running template to the files of a snapshot.
struct MachineFreeze: Sendable {
    let machine: Machine
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
        try await saveState(to: staging.path(MachineDescription.File.state))
        try await nameFiles(in: staging)
        return FrozenSandbox(
            engine: description.manifest(processor, qemuVersion: "\(machine.control.version)", readyCall: readyCall),
            pause: clock.now - start)
    }

    private func saveState(to path: FilePath) async throws(SandboxError) {
        let control = machine.control
        let file = try hostCall("make \(path)") {
            try OwnedDescriptor.open(path, .writeOnly, options: [.create, .exclusiveCreate])
        }
        try await wrapping(.lost(during: .freeze)) {
            try await control.pause()
            try await control.saveState(to: file, by: machine.deadline(in: Self.stateLimit))
        }
    }

    private func nameFiles(in staging: SnapshotStaging) async throws(SandboxError) {
        let files = machine.files
        guard let pristine = files.scratch.first, let written = files.scratch.last else {
            throw .host("the machine has no /tmp disk")
        }
        try await onOwnThread("name the snapshot's files in \(staging.directory)") { () throws(Errno) in
            try files.memory.descriptor.link(to: staging.path(MachineDescription.File.memory))
            try written.file.descriptor.link(to: staging.path(MachineDescription.File.scratch))
            try pristine.file.descriptor.link(to: staging.path(MachineDescription.File.pristineScratch))
        }
    }

    private func onOwnThread(
        _ action: String, _ body: @escaping @Sendable () throws(Errno) -> Void
    ) async throws(SandboxError) {
        let outcome = await BlockingThread.run { Result { () throws(Errno) in try body() } }
        try hostCall(action) { try outcome.get() }
    }
}
