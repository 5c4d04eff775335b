import Sandboxes

/// One thing a host needs, or is better with, and what was found.
struct HostCheck: Codable, Sendable {
    enum Status: String, Codable, Sendable {
        case good
        /// It works, but not as well as it could.
        case warning
        /// Thaw cannot be used, or one isolation level of it.
        case failed
    }

    var name: String
    var status: Status
    var found: String
    /// What to do about it.
    var remedy: String?
    /// The isolation level that needs it; nil when every one does.
    var isolation: IsolationLevel?

    init(
        _ name: String, _ status: Status, _ found: String, remedy: String? = nil, for isolation: IsolationLevel? = nil
    ) {
        self.isolation = isolation
        self.name = name
        self.status = status
        self.found = found
        self.remedy = remedy
    }
}
