internal import Basics
internal import CLinux
import Glibc
internal import SystemPackage

/// Version 2: the part of the tree that this process may arrange, where it was given one.
enum CgroupDelegation {
    /// Where the server itself is, in a tree it was given: beside what it makes there.
    private static let serverName = "thaw-server"

    /// The cgroup that systemd (Delegate=yes) or a container's runtime has given to this process; nil where it is a guest in one that
    /// others arrange, as in a shell, or at the top.
    static func given(to membership: FilePath, below root: FilePath) -> FilePath? {
        let lines = ((try? SmallFile.text(membership)) ?? "").split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("0::/") }) else { return nil }
        var directory = root.pushing(FilePath(String(line.dropFirst("0::/".count))))
        if directory.lastComponent?.string == serverName { directory.removeLastComponent() }
        guard directory != root, FileStatus.exists(directory.appending("cgroup.controllers")) else { return nil }
        // As systemd marks it (systemd.resource-control(5)): the first only root can set, the second is for all to read.
        let isGiven = ["trusted.delegate", "user.delegate"].contains { name in
            var value: UInt8 = 0
            return directory.withPlatformString { getxattr($0, name, &value, 1) } == 1 && value == UInt8(ascii: "1")
        }
        return isGiven ? directory : nil
    }

    /// Moves this process, and those that are beside it, into a cgroup below.
    static func moveProcesses(outOf directory: FilePath) throws(CgroupError) {
        let own = ((try? SmallFile.text(directory.appending("cgroup.procs"))) ?? "").split(separator: "\n")
        guard own.contains(Substring("\(getpid())")) else { throw inUse(directory) }
        let place = directory.appending(serverName)
        try rethrowing(try Directory.create(place, existingIsFine: true)) {
            CgroupError(code: .refused, path: place, errno: $0, message: "cannot make cgroup \(place)")
        }
        // Others may be born meanwhile. 0 is one that lives where this process cannot see.
        for _ in 0..<16 {
            let members = try SmallFile.cgroup(directory.appending("cgroup.procs")).split(separator: "\n")
            if members.isEmpty { return }
            for member in members where member != "0" {
                do {
                    try SmallFile.setCgroup(place.appending("cgroup.procs"), to: String(member))
                } catch {
                    guard error.errno == .noSuchProcess else { throw error }
                }
            }
        }
        throw inUse(directory)
    }

    private static func inUse(_ directory: FilePath) -> CgroupError {
        CgroupError(
            code: .unavailable, path: directory, errno: .resourceBusy,
            message: """
                cannot pass controllers on at \(directory), because processes are in it: run the server as a systemd \
                service with Delegate=yes, or move them into a cgroup below
                """)
    }
}
