import LinuxKit
import Sandboxes
import SystemPackage

/// The ids that sandboxes may be on this host, users and groups: two for each network slot.
package struct SandboxIDs: Sendable, Equatable {
    package enum Origin: String, Sendable {
        case option = "by --sandbox-ids"
        case files = "by /etc/subuid and /etc/subgid"
        case standard = "by default"
    }

    package let users: IDRange
    package let groups: IDRange
    package let origin: Origin

    /// Whose lines of subuid(5) and subgid(5) count. No user of the host needs to have the name.
    static let name = "thaw"
    /// Ids that neither Debian nor systemd give to anybody, for the most slots that a server can have.
    package static let standard = IDRange(first: 1_900_100_000, count: 131_072)
    /// Which ids servers of this host have, by an empty file: see ``LinuxKit/NumberLock``.
    private static let claims: FilePath = "/run/thaw-sandbox-ids"

    /// What was chosen; else what the files say; else the standard.
    package static func find(_ chosen: IDRange?, files: SubordinateFiles = .host) throws(ServerError) -> SandboxIDs {
        if let chosen { return SandboxIDs(users: chosen, groups: chosen, origin: .option) }
        switch (try files.range(of: name, in: files.users), try files.range(of: name, in: files.groups)) {
        case (let users?, let groups?): return SandboxIDs(users: users, groups: groups, origin: .files)
        case (nil, nil): return SandboxIDs(users: standard, groups: standard, origin: .standard)
        case (_?, nil): throw .unusableIDs("\(files.users) has a line for \(name), and \(files.groups) has none")
        case (nil, _?): throw .unusableIDs("\(files.groups) has a line for \(name), and \(files.users) has none")
        }
    }

    /// The most slots that they are enough for.
    var slots: Int { min(users.count, groups.count) / SandboxUsers.idsEach }

    /// Users that no other server of this host has, for as long as the claim lives.
    package func claim(slots: Int, at path: FilePath = Self.claims) throws(ServerError) -> SandboxIDClaim {
        guard slots <= self.slots else { throw .tooFewIDs(self, needed: slots * SandboxUsers.idsEach) }
        let numbers = Int(users.first)..<Int(users.first) + self.slots * SandboxUsers.idsEach
        let lock: NumberLock?
        do { lock = try .take(slots * SandboxUsers.idsEach, of: numbers, at: path) } catch {
            throw .unusableIDs("cannot lock ids in \(path): \(error)")
        }
        guard let lock else { throw .idsInUse(self, needed: slots * SandboxUsers.idsEach) }
        let offset = UInt32(lock.numbers.lowerBound - numbers.lowerBound)
        return SandboxIDClaim(
            users: SandboxUsers(firstUser: users.first + offset, firstGroup: groups.first + offset), lock: lock)
    }
}

/// A server's part of ``SandboxIDs``.
package final class SandboxIDClaim: Sendable {
    package let users: SandboxUsers
    private let lock: NumberLock

    fileprivate init(users: SandboxUsers, lock: NumberLock) {
        self.users = users
        self.lock = lock
    }
}

extension SandboxIDs: CustomStringConvertible {
    package var description: String {
        users == groups ? "\(users), \(origin.rawValue)" : "users \(users), groups \(groups), \(origin.rawValue)"
    }
}
