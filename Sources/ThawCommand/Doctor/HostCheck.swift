import LinuxKit
import Sandboxes

/// One thing a host needs, or is better with, and what was found.
struct HostCheck: Codable, Sendable {
    var name: String
    var status: HostFinding.Status
    var found: String
    /// What to do about it.
    var remedy: String?
    /// The isolation level that needs it; nil when every one does.
    var isolation: IsolationLevel?

    init(_ finding: HostFinding, for isolation: IsolationLevel? = nil) {
        (name, status, found, remedy) = (finding.name, finding.status, finding.found, finding.remedy)
        self.isolation = isolation
    }
}
