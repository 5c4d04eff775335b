import GuestProtocol
import LinuxKit
import Sandboxes
import Snapshots
import SystemPackage

/// The way from a running template to the files of a snapshot.
struct Freeze: Sendable {
    let machine: Machine
    let blueprint: Blueprint
    let host: HostTraits
    let readyCall: ReadyCall

    private static let quietLimit = Duration.seconds(60)
    private static let stateLimit = Duration.seconds(60)

    func write(into staging: SnapshotStaging) async throws(SandboxError) -> FrozenSandbox {
        // Guest memory is a file: what was written so far reaches the disk before the pause, not during it.
        let memory = machine.files.memory
        try await onOwnThread("write guest memory") { () throws(Errno) in try memory.descriptor.sync() }
        machine.guest.send(.freeze)
        let answer = try await machine.guest.next(during: .freeze, within: Self.quietLimit)
        guard answer == .frozen else { throw unexpected(answer, during: .freeze) }

        let clock = ContinuousClock()
        let start = clock.now
        try await saveState(to: staging.path(Blueprint.File.state))
        try await nameFiles(in: staging)
        return FrozenSandbox(
            engine: blueprint.manifest(host, qemuVersion: "\(machine.control.version)", readyCall: readyCall),
            pause: clock.now - start)
    }

    /// Stops the CPUs and has QEMU write everything but guest memory: the state of CPUs and devices, about 300 kB.
    /// Stopping flushes the disks.
    private func saveState(to path: FilePath) async throws(SandboxError) {
        let control = machine.control
        let file = try hostCall("make \(path)") {
            try OwnedDescriptor.open(path, .writeOnly, options: [.create, .exclusiveCreate])
        }
        try await wrapping(.lost(during: .freeze)) {
            _ = try await control.execute(StopMachine())
            _ = try await control.execute(SetMigrationCapabilities.stateOnly)
            _ = try await control.execute(Migrate(uri: try await control.passStream(file)))
            try await control.migrationCompleted(deadline: Self.stateLimit)
        }
    }

    private func nameFiles(in staging: SnapshotStaging) async throws(SandboxError) {
        let files = machine.files
        guard let pristine = files.scratch.first, let written = files.scratch.last else {
            throw .host("the machine has no /tmp disk")
        }
        try await onOwnThread("name the snapshot's files in \(staging.directory)") { () throws(Errno) in
            try files.memory.descriptor.link(to: staging.path(Blueprint.File.memory))
            try written.file.descriptor.link(to: staging.path(Blueprint.File.scratch))
            try pristine.file.descriptor.link(to: staging.path(Blueprint.File.pristineScratch))
        }
    }

    private func onOwnThread(
        _ action: String, _ body: @escaping @Sendable () throws(Errno) -> Void
    ) async throws(SandboxError) {
        let outcome = await BlockingThread.run { Result { () throws(Errno) in try body() } }
        try hostCall(action) { try outcome.get() }
    }
}
