import LinuxKit
import Logging
import NetworkModel
import SlotNetwork
import SystemPackage

/// Slots of ours on a host of the bench.
enum BenchSlots {
    /// Begins to build the slots, runs `body`, and takes everything away.
    static func with<R: Sendable>(
        _ count: Int, _ layout: SlotLayout = .direct, egress: EgressMode = .routed,
        attachment: ProgramAttachment? = nil, on host: BenchHost, in directory: FilePath,
        _ body: (SlotPool) async throws -> R
    ) async throws -> R {
        let name = "\(layout.rawValue)-\(egress.rawValue)-\(attachment?.rawValue ?? "best")"
        var configuration = SlotConfiguration(
            count: count, instance: "bench", directory: directory.appending(name))
        (configuration.layout, configuration.egress, configuration.attachment) = (layout, egress, attachment)
        let pool = try await SlotPool.open(configuration, host: host.namespace, logger: quiet)
        do {
            let result = try await Interruption.with({ await pool.shutdown() }) { try await body(pool) }
            await pool.shutdown()
            return result
        } catch {
            await pool.shutdown()
            throw error
        }
    }

    private static var quiet: Logger {
        var logger = Logger(label: "thaw.bench")
        logger.logLevel = .warning
        return logger
    }

    /// Not one was free that should have been.
    struct NoneFree: Error, CustomStringConvertible {
        var description: String { "no slot is free" }
    }
}

extension SlotPool {
    func claimOne(bound mode: NetworkMode) throws -> Slot {
        guard let slot = claimFree() else { throw BenchSlots.NoneFree() }
        try slot.bind(.process, to: mode)
        return slot
    }

    /// All `count` slots, by index.
    func claimAll(_ count: Int) throws -> [Slot] {
        try (0..<count).map { _ in
            guard let slot = claimFree() else { throw BenchSlots.NoneFree() }
            return slot
        }.sorted { $0.index < $1.index }
    }
}
