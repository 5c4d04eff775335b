import Basics
import LinuxKit

/// What the engine has QEMU do, each a few commands long.
extension QMPClient {
    /// Lets the virtual CPUs run.
    func resume(by deadline: Deadline) async throws(QMPError) {
        _ = try await execute(ContinueMachine(), deadline: deadline)
    }

    /// Stops the virtual CPUs; that flushes the disks.
    func pause() async throws(QMPError) { _ = try await execute(StopMachine()) }

    /// Writes everything but guest memory to `file`: the state of CPUs and devices, about 300 kB.
    func saveState(to file: borrowing OwnedDescriptor, by deadline: Deadline) async throws(QMPError) {
        _ = try await execute(SetMigrationCapabilities.stateOnly, deadline: deadline)
        _ = try await execute(Migrate(uri: try await passStream(file, by: deadline)), deadline: deadline)
        try await migrationCompleted(by: deadline)
    }

    /// Reads it back, in a machine that was started to wait for it and stands still afterwards.
    func loadState(from file: borrowing OwnedDescriptor, by deadline: Deadline) async throws(QMPError) {
        _ = try await execute(SetMigrationCapabilities.stateOnly, deadline: deadline)
        _ = try await execute(MigrateIncoming(uri: try await passStream(file, by: deadline)), deadline: deadline)
        try await migrationCompleted(by: deadline)
    }
}
