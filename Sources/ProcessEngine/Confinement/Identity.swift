import GuestProtocol

/// Who runs in a process sandbox.
enum Identity {
    /// On the host: outside what Debian gives out. The same for all sandboxes, each of which is in namespaces of its own, so
    /// that a frozen /tmp belongs to every clone of it.
    static let hostUser: UInt32 = 1_900_100_000
    static let hostGroup: UInt32 = 1_900_100_000

    /// Nobody else exists inside; the images' files are nobody's.
    static var userMap: String { "\(RuntimeUser.user) \(hostUser) 1" }
    static var groupMap: String { "\(RuntimeUser.group) \(hostGroup) 1" }
}
