internal import Basics
internal import LinuxKit
internal import SystemPackage

/// A switch of the whole host that is turned on for a while. What it was is noted first, so that it is turned back by the next start
/// if this server dies.
struct HostSetting: Sendable {
    private let setting: FilePath
    private let note: FilePath

    /// - Parameters:
    ///   - setting: a file of /proc or /sys that holds 0 or 1.
    ///   - directory: where the old value is noted meanwhile.
    init(_ setting: FilePath, notedIn directory: FilePath) {
        self.setting = setting
        note = directory.appending(setting.lastComponent?.string ?? "setting")
    }

    /// What is on already stays so, and is nobody's to turn back.
    func turnOn() throws(Errno) {
        turnBack()
        let before = try SmallFile.text(setting)
        guard before.first == "0" else { return }
        do {
            try DurableFile.write(before.utf8, to: note)
            try SmallFile.set(setting, to: "1")
        } catch {
            turnBack()
            throw error
        }
    }

    /// Also what a server that died has left on.
    func turnBack() {
        guard let before = try? SmallFile.text(note) else { return }
        try? SmallFile.set(setting, to: before)
        try? DurableFile.remove(note)
    }

    /// Has somebody else turn it back.
    func leave(to heir: HostSetting) {
        guard let before = try? SmallFile.text(note) else { return }
        try? DurableFile.write(before.utf8, to: heir.note)
        try? DurableFile.remove(note)
    }
}

/// `/sys/kernel/rcu_expedited` while slots are built: without it every link waits several times until all CPUs have passed a quiet
/// state. Where it cannot be set everything works, slower.
struct KernelHaste {
    private let setting: HostSetting

    init(directory: FilePath) { setting = HostSetting("/sys/kernel/rcu_expedited", notedIn: directory) }

    func begin() { try? setting.turnOn() }
    func end() { setting.turnBack() }
}

/// Has the host pass on what slots send.
struct Forwarding {
    private let uplink: HostUplink
    private let directory: FilePath

    /// - Parameter directory: the server's slots' own.
    init(_ uplink: HostUplink, _ directory: FilePath) { (self.uplink, self.directory) = (uplink, directory) }

    func begin() throws(NetworkError) {
        try NetworkNamespace.run(in: uplink.host) { () throws(NetworkError) in
            try rethrowing(try setting(directory).turnOn()) { NetworkError("set net.ipv4.ip_forward", $0) }
        }
    }

    /// The last server turns it back, for the dead ones too, whose slots have it turned on anew when they are taken over: as long
    /// as there is another on the host, that one needs it.
    func end() {
        try? NetworkNamespace.run(in: uplink.host) { () throws(NetworkError) in
            let others = try uplink.others(beside: directory)
            if let heir = others.first(where: isServed) { return setting(directory).leave(to: setting(heir)) }
            for directory in [directory] + others { setting(directory).turnBack() }
        }
    }

    /// Whether a server has the slots in a directory.
    private func isServed(_ directory: FilePath) -> Bool {
        guard let lock = try? SlotGround.takeLock(in: directory) else { return true }
        lock.release()
        return false
    }

    private func setting(_ directory: FilePath) -> HostSetting {
        HostSetting("/proc/sys/net/ipv4/ip_forward", notedIn: directory)
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
