import FunctionModel
import LambdaAPI
import LinuxKit
import Logging
import MicroVMEngine
import Sandboxes
import SlotNetwork
import Worker

/// How large the parts of a server are, and how long they may take.
extension Server {
    /// How the slots of a server are built.
    package static func slotConfiguration(_ configuration: ServerConfiguration) throws -> SlotConfiguration {
        let instance = configuration.state.instance
        var slots = SlotConfiguration(
            count: try slotCount(configuration, workerConfiguration(configuration)), instance: instance,
            directory: SlotConfiguration.directory(ofInstance: instance))
        slots.layout = configuration.slots.layout
        slots.ranges = configuration.slots.ranges
        slots.egress = configuration.slots.egress
        slots.nameServer = configuration.slots.nameServer.address()
        slots.tunnelPort = configuration.slots.tunnelPort
        slots.bytesPerSecond = configuration.slots.megabitsPerSecond.map { UInt64($0) * 125_000 }
        return slots
    }

    /// Who the sandboxes of a server are; an operator hears of others who are the same.
    static func claimIDs(
        _ configuration: ServerConfiguration, slots: Int, _ logger: Logger
    ) throws(ServerError) -> SandboxIDClaim {
        let ids = try SandboxIDs.find(configuration.sandboxIDs)
        let claim = try ids.claim(slots: slots)
        let finding = ids.finding(slots: slots)
        if let remedy = finding.remedy { logger.warning("\(finding.name): \(finding.found): \(remedy)") }
        return claim
    }

    static func workerConfiguration(_ configuration: ServerConfiguration) -> WorkerConfiguration {
        var worker = WorkerConfiguration(account: configuration.account)
        worker.maximumSandboxes = configuration.maximumSandboxes
        worker.concurrency = configuration.concurrency
        worker.snapStartPolicy = configuration.snapStartPolicy
        worker.eventTargets = configuration.eventTargets
        worker.keepWarm = configuration.keepWarm
        worker.snapshotRetention = configuration.snapshotRetention
        worker.readyClones = configuration.readyClones
        worker.restoreLimit = configuration.restoreLimit
        worker.drainLimit = configuration.drainLimit
        return worker
    }

    /// AWS's limit is for AWS's processors; emulated ones are many times slower.
    static func initLimit(
        _ configuration: ServerConfiguration, _ level: IsolationLevel, _ accelerator: Accelerator
    ) -> Duration {
        if let limit = configuration.initLimit { return limit }
        return switch (level, accelerator) {
        case (.process, _), (.microvm, .kvm): .seconds(Limits.initSeconds)
        case (.microvm, .tcg): .seconds(130)
        }
    }

    /// Half of the descriptors that sandboxes leave, at 16 each; and no more than a server of this size has use for.
    static func connectionLimits(_ configuration: ServerConfiguration, openFiles: UInt64) -> ConnectionLimits {
        var limits = ConnectionLimits()
        let left = Int(clamping: openFiles) - 16 * (configuration.maximumSandboxes + 64) - 512
        limits.connections = configuration.maximumConnections ?? min(limits.connections, max(64, left / 2))
        limits.bytesInFlight = configuration.requestMegabytes << 20
        return limits
    }

    /// Every sandbox that can exist at a time has a network: those that serve, those prepared ahead, those being frozen, and
    /// the cells that wait for the next. More would never be used.
    private static func slotCount(_ configuration: ServerConfiguration, _ worker: WorkerConfiguration) throws -> Int {
        let needed =
            worker.maximumSandboxes + worker.readyClones * worker.maximumReadyVersions + worker.concurrentPublishes
            + readyCells(worker) + 2
        // Those that have been used rest for some milliseconds, and are not the reason why somebody waits.
        let count = configuration.slots.count ?? needed + min(worker.maximumSandboxes, 16)
        guard count >= needed else { throw ServerError.tooFewSlots(given: count, needed: needed) }
        return count
    }

    /// As many as may be claimed at once, as far as that is a burst and not a steady state.
    static func readyCells(_ worker: WorkerConfiguration) -> Int { min(worker.maximumSandboxes, 64) }
}
