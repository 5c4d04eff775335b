import LinuxKit

/// Who runs in a process sandbox.
enum Identity {
    /// On the host: outside what Debian gives out. The same for all sandboxes, each of which is in namespaces of its own, so
    /// that a frozen /tmp belongs to every clone of it.
    static let hostUser: UInt32 = 1_900_100_000
    static let hostGroup: UInt32 = 1_900_100_000

    /// Inside: `sbx_user1051` of AWS. Nobody else exists there; the images' files are nobody's.
    static let user: UInt32 = 993
    static let group: UInt32 = 990

    static var userMap: String { "\(user) \(hostUser) 1" }
    static var groupMap: String { "\(group) \(hostGroup) 1" }
}
