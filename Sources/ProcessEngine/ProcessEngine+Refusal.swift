import Sandboxes
import Snapshots

extension ProcessEngine {
    package func refusal(of snapshot: StoredSnapshot) -> String? {
        do throws(SnapshotError) {
            try snapshot.checkFits(isolation: IsolationLevel.process.rawValue, host: host.requirements)
            return nil
        } catch {
            return "\(error)"
        }
    }
}
