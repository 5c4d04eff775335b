import Basics
import LinuxKit
import SystemPackage

/// What a machine's process can be asked for, each a few commands long.
extension QMPClient: MachineControl {
    var version: String { "\(qemuVersion)" }

    func resume(by deadline: Deadline) async throws(ControlFailure) {
        try await telling { () throws(QMPError) in _ = try await execute(ContinueMachine(), deadline: deadline) }
    }

    /// That flushes the disks.
    func pause(by deadline: Deadline) async throws(ControlFailure) {
        try await telling { () throws(QMPError) in _ = try await execute(StopMachine(), deadline: deadline) }
    }

    /// Everything but guest memory, which is its file's already: about 300 kB.
    func saveState(of files: MachineFiles, by deadline: Deadline) async throws(ControlFailure) {
        try await stream(files, .writeOnly, by: deadline) { Migrate(uri: $0) }
    }

    func loadState(of files: MachineFiles, by deadline: Deadline) async throws(ControlFailure) {
        try await stream(files, .readOnly, by: deadline) { MigrateIncoming(uri: $0) }
    }

    private func stream<C: QMPCommand>(
        _ files: MachineFiles, _ mode: FileDescriptor.AccessMode, by deadline: Deadline,
        _ command: (String) -> C
    ) async throws(ControlFailure) {
        let file: OwnedDescriptor
        do throws(Errno) { file = try files.reopenedState(mode) } catch { throw ControlFailure(error) }
        do throws(QMPError) {
            _ = try await execute(SetMigrationCapabilities.stateOnly, deadline: deadline)
            _ = try await execute(command(try await passStream(file, by: deadline)), deadline: deadline)
            try await migrationCompleted(by: deadline)
        } catch {
            throw ControlFailure(error)
        }
    }

    private func telling(_ body: () async throws(QMPError) -> Void) async throws(ControlFailure) {
        do throws(QMPError) { try await body() } catch { throw ControlFailure(error) }
    }
}
