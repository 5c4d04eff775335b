import Sandboxes
import Snapshots

extension ProcessEngine {
    package func refusal(of manifest: SnapshotManifest) -> String? {
        do {
            try manifest.checkFits(isolation: IsolationLevel.process.rawValue, host: host.requirements)
            return nil
        } catch {
            return "\(error)"
        }
    }
}
