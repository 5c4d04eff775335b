import BaseImages
import LinuxKit
import Logging
import MicroVMEngine
import ProcessEngine
import Sandboxes
import SlotNetwork
import Snapshots
import SystemPackage

/// Makes the engines of a server, each when it is wanted.
struct EngineFactory: Sendable {
    /// Where engines keep what they need while they run; on the file system of the snapshots.
    let directory: FilePath
    /// Tells this server's cgroups from those of another one on the host.
    let instance: String
    let slots: any SlotNetwork
    /// Who sandboxes in the slots are.
    let users: SandboxUsers
    let share: ShareDirectory
    /// Whether inits begin from seeds.
    let usesSeeds: Bool
    let findings: EngineFindings
    /// Cells for process sandboxes that wait, built.
    let readyCells: Int
    /// For templates; nil is the engine's own choice.
    let templateMegabytes: Int?
    let logger: Logger

    /// The engine of the plan's standard level, with those of its other levels for when a function asks for them.
    /// - Returns: with them why these.
    func make(_ plan: IsolationPlan) async throws -> (EngineSelection, reason: String) {
        var plan = plan
        let standard: any SandboxEngine
        do throws(SandboxError) { standard = try await engine(plan.standard) } catch {
            guard let next = plan.without(plan.standard, because: error.description) else { throw error }
            plan = next
            standard = try await engine(plan.standard)
        }
        return (EngineSelection(standard, others: plan.others.map { deferred($0) }), plan.reason)
    }

    private func deferred(_ level: IsolationLevel) -> EngineSelection.Deferred {
        EngineSelection.Deferred(
            isolation: level,
            make: { () throws(SandboxError) in
                let engine = try await engine(level)
                logger.notice("isolation asked for by a function", metadata: ["level": "\(level.rawValue)"])
                return engine
            },
            sweep: { () throws(SandboxError) in try await sweep(level) })
    }

    private func engine(_ level: IsolationLevel) async throws(SandboxError) -> any SandboxEngine {
        switch level {
        case .microvm:
            let machines = if let found = findings.machines { found } else { await MicroVMEngine.findings() }
            return try await MicroVMEngine.make(
                findings: machines, directory: directory, instance: instance, slots: slots, users: users,
                logger: logger)
        case .process:
            var choices = ProcessEngine.Options()
            choices.readyCells = readyCells
            choices.templateBytes = templateMegabytes.map { UInt64(clamping: $0) << 20 }
            choices.users = users
            return try await ProcessEngine.make(
                directory: directory, instance: instance, slots: slots, programs: share.processPrograms,
                seeds: usesSeeds ? try await openSeeds() : nil,
                findings: findings.processes, options: choices, logger: logger)
        }
    }

    private func openSeeds() async throws(SandboxError) -> any SnapshotRepository {
        try await BlockingThread.run { () throws(SandboxError) in
            // Engines' directories may be looked into, their seeds not.
            try hostCall("make \(directory)") { try Directory.create(directory, existingIsFine: true) }
            return try hostCall {
                try SnapshotStore(directory: directory.appending("seeds")) { id, error in
                    logger.warning("cannot remove a seed", metadata: ["seed": "\(id)", "error": "\(error)"])
                }
            }
        }
    }

    /// Removes what a dead server's engine left, without making one.
    private func sweep(_ level: IsolationLevel) async throws(SandboxError) {
        switch level {
        case .microvm: try await MicroVMEngine.sweep(instance: instance)
        case .process: try await ProcessEngine.sweep(instance: instance)
        }
    }
}
