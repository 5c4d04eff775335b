internal import Basics
internal import LinuxKit
internal import SystemPackage

/// Has the host pass on what slots send, and what comes back, but nothing else that it did not pass on before.
///
/// A host passes on what comes by an interface that forwards. The server's own is one; answers come by others. Those that did not
/// forward before are noted, so that they are turned back by the next start if this server dies, and are guarded meanwhile: see
/// ``HostUplink/filter(masquerading:guarding:)``.
struct Forwarding {
    private let uplink: HostUplink
    private let directory: FilePath

    /// An interface of the host that passes packets on because of a server.
    struct Guarded: Hashable {
        var name: String
        var link: NetlinkRequest.Link
        /// What its ports say to each other is no business of the host's, though the packet filter may see it.
        var isBridge: Bool
    }

    /// - Parameter directory: the server's slots' own.
    init(_ uplink: HostUplink, _ directory: FilePath) { (self.uplink, self.directory) = (uplink, directory) }

    // MARK: - Beginning

    /// Notes which interfaces do not forward by themselves. They are turned on by ``turnOn(_:)`` once they are guarded.
    func prepare() throws(NetworkError) -> [Guarded] {
        // What a server of an older release left on for all of them when it was killed.
        try inHost { () throws(NetworkError) in HostSetting(Self.ofAll, notedIn: directory).turnBack() }
        let directories = try [directory] + uplink.others(beside: directory)
        let guarded = try inHost { () throws(NetworkError) in
            let noted =
                Self.isRouter ? [] : directories.reduce(into: Set<String>()) { $0.formUnion(note($1)) }
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            return try netlink.query(.dumpLinks()).compactMap { reply -> Guarded? in
                guard let link = reply.linkSummary, link.link != .loopback, !link.name.hasPrefix(HostUplink.prefix),
                    noted.contains(link.name) || !Self.isOn(link.name)
                else { return nil }
                return Guarded(name: link.name, link: link.link, isBridge: reply.linkKind == "bridge")
            }
        }
        try rethrowing(try DurableFile.write(guarded.map(\.name).joined(separator: "\n").utf8, to: noteFile(directory)))
        {
            NetworkError("note which interfaces pass packets on", $0)
        }
        return guarded
    }

    /// Has the server's own interface pass packets on, and those that are guarded.
    func turnOn(_ guarded: [Guarded]) throws(NetworkError) {
        try inHost { () throws(NetworkError) in
            for name in [uplink.name] + guarded.map(\.name) {
                do throws(Errno) { try SmallFile.set(Self.setting(of: name), to: "1") } catch .noSuchFileOrDirectory {
                    // It has gone meanwhile.
                } catch {
                    throw NetworkError("set net.ipv4.conf.\(name).forwarding", error)
                }
            }
        }
    }

    // MARK: - End

    /// Turns back what no other server needs that runs, for the dead ones too, whose slots have it turned on anew when they are
    /// taken over.
    func end() {
        try? inHost { () throws(NetworkError) in
            let others = try uplink.others(beside: directory)
            let living = others.filter(isServed), dead = [directory] + others.filter { !living.contains($0) }
            let needed = living.reduce(into: Set<String>()) { $0.formUnion(note($1)) }
            let isRouter = Self.isRouter
            for directory in dead {
                HostSetting(Self.ofAll, notedIn: directory).turnBack()
                for name in note(directory) where !needed.contains(name) && !isRouter {
                    try? SmallFile.set(Self.setting(of: name), to: "0")
                }
                try? DurableFile.remove(noteFile(directory))
            }
        }
    }

    /// Whether a server has the slots in a directory.
    private func isServed(_ directory: FilePath) -> Bool {
        guard let lock = try? SlotGround.takeLock(in: directory) else { return true }
        lock.release()
        return false
    }

    // MARK: - Private

    private static let ofAll: FilePath = "/proc/sys/net/ipv4/ip_forward"

    /// Somebody has made a router of the host: then it is theirs to say what it passes on.
    private static var isRouter: Bool { (try? SmallFile.text(ofAll))?.first == "1" }

    private static func setting(of interface: String) -> FilePath {
        FilePath("/proc/sys/net/ipv4/conf").appending(interface).appending("forwarding")
    }

    /// One without IPv4 has no such setting, and nothing comes by it.
    private static func isOn(_ interface: String) -> Bool {
        (try? SmallFile.text(setting(of: interface)))?.first != "0"
    }

    private func noteFile(_ directory: FilePath) -> FilePath { directory.appending("forwarding") }

    private func note(_ directory: FilePath) -> [String] {
        ((try? SmallFile.text(noteFile(directory))) ?? "").split(separator: "\n").map(String.init)
    }

    private func inHost<R>(_ body: () throws(NetworkError) -> R) throws(NetworkError) -> R {
        try NetworkNamespace.run(in: uplink.host, body)
    }
}

extension HostUplink {
    /// The directories of other servers' slots that lead to the same host.
    fileprivate func others(beside directory: FilePath) throws(NetworkError) -> [FilePath] {
        let directories = directory.removingLastComponent().removingLastComponent()
        return try links().filter { $0.hasPrefix(Self.prefix) && $0 != name }
            .map { directories.appending(String($0.dropFirst(Self.prefix.count))).appending("slots") }
            .filter { FileStatus.isDirectory($0) }
    }
}
