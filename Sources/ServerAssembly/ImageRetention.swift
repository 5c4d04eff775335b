import BaseImages
import Logging
import ServiceLifecycle
import Snapshots
import SystemPackage

/// Has base images removed that no recipe here makes any more and that nothing has used for a while: at the start, and once a day.
struct ImageRetention: Service {
    private static let interval = Duration.seconds(86_400)

    let images: ImageStore
    /// Of the snapshots, whose images stay.
    let snapshots: FilePath
    let age: Duration
    let logger: Logger

    func run() async throws {
        while true {
            await prune()
            // It throws when the server stops.
            do { try await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) } } catch { return }
        }
    }

    private func prune() async {
        do {
            let pruned = try await images.prune(dryRun: false, unusedFor: age) { [snapshots] in
                Set(try SnapshotStore.survey(snapshots).map(\.snapshot.imageDigest))
            }
            guard !pruned.removed.isEmpty else { return }
            logger.notice(
                "removed base images, or parts of them, that nothing uses any more",
                metadata: ["count": "\(pruned.removed.count)", "freed-bytes": "\(pruned.freedBytes)"])
        } catch {
            logger.error("cannot look for old base images", metadata: ["error": "\(error)"])
        }
    }
}
