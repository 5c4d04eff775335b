import LinuxKit

/// What the engine has QEMU do, each a few commands long.
extension QMPClient {
    /// Lets the virtual CPUs run.
    func resume() async throws(QMPError) { _ = try await execute(ContinueMachine()) }

    /// Stops the virtual CPUs; that flushes the disks.
    func pause() async throws(QMPError) { _ = try await execute(StopMachine()) }

    /// Writes everything but guest memory to `file`: the state of CPUs and devices, about 300 kB.
    func saveState(to file: borrowing OwnedDescriptor, within limit: Duration) async throws(QMPError) {
        _ = try await execute(SetMigrationCapabilities.stateOnly)
        _ = try await execute(Migrate(uri: try await passStream(file)))
        try await migrationCompleted(deadline: limit)
    }

    /// Reads it back, in a machine that was started to wait for it and stands still afterwards.
    func loadState(from file: borrowing OwnedDescriptor, within limit: Duration) async throws(QMPError) {
        _ = try await execute(SetMigrationCapabilities.stateOnly)
        _ = try await execute(MigrateIncoming(uri: try await passStream(file)))
        try await migrationCompleted(deadline: limit)
    }
}
