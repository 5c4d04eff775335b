/// One thing a host needs, or is better with, and what was found.
struct HostCheck: Codable, Sendable {
    enum Status: String, Codable, Sendable {
        case good
        /// It works, but not as well as it could.
        case warning
        /// Thaw cannot be used.
        case failed
    }

    var name: String
    var status: Status
    var found: String
    /// What to do about it.
    var remedy: String?

    init(_ name: String, _ status: Status, _ found: String, remedy: String? = nil) {
        self.name = name
        self.status = status
        self.found = found
        self.remedy = remedy
    }
}
