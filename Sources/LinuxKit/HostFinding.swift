/// One thing that was tried on this host, and what came of it.
package struct HostFinding: Sendable, Equatable {
    package enum Status: String, Sendable, Codable {
        case good
        /// It works, but not as well as it could.
        case warning
        /// What needs it cannot be used.
        case failed
    }

    package let name: String
    package let status: Status
    package let found: String
    /// What to do about it; nil when all is well.
    package let remedy: String?

    package static func good(_ name: String, _ found: String) -> HostFinding {
        HostFinding(name: name, status: .good, found: found, remedy: nil)
    }

    package static func warning(_ name: String, _ found: String, remedy: String) -> HostFinding {
        HostFinding(name: name, status: .warning, found: found, remedy: remedy)
    }

    package static func failed(_ name: String, _ found: String, remedy: String) -> HostFinding {
        HostFinding(name: name, status: .failed, found: found, remedy: remedy)
    }
}
