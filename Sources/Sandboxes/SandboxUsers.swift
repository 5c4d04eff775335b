/// Who a sandbox is on the host: nobody else is, at the same time, so that what the kernel counts by user (inotify instances,
/// queued signals, pipes, epoll watches …) is each sandbox's own.
package struct SandboxUser: Sendable, Hashable {
    /// Of the sandbox's processes.
    package let user: UInt32
    package let group: UInt32
    /// Whose the sandbox's user namespace is: it is charged for all that is used inside. Nothing of a function runs as the owner.
    package let owner: UInt32
    package let files: FileOwner
}

/// Whom the files of images belong to inside of a sandbox, where it is root: the same ids of the host for all sandboxes of a server. No
/// process is it.
package struct FileOwner: Sendable, Hashable {
    package let user: UInt32
    package let group: UInt32
}

/// The users of a server's sandboxes, two ids for each network slot: a slot is one sandbox's until all of its processes are gone, and
/// so are they.
package struct SandboxUsers: Sendable, Hashable {
    package static let idsEach = 2

    private let firstUser: UInt32
    private let firstGroup: UInt32

    /// - Parameters: the first of as many ids as the slots need.
    package init(firstUser: UInt32, firstGroup: UInt32) {
        self.firstUser = firstUser
        self.firstGroup = firstGroup
    }

    /// From ids that neither Debian nor systemd give out.
    package static let standard = SandboxUsers(firstUser: 1_900_100_000, firstGroup: 1_900_100_000)

    package func inSlot(_ index: Int) -> SandboxUser {
        let offset = UInt32(index * Self.idsEach)
        return SandboxUser(
            user: firstUser + offset, group: firstGroup + offset, owner: firstUser + offset + 1, files: fileOwner)
    }

    /// By the ids of the first slot's owner, as whom nothing of a function runs either.
    package var fileOwner: FileOwner { FileOwner(user: firstUser + 1, group: firstGroup + 1) }
}
