internal import Basics
internal import LinuxKit
internal import SystemPackage

/// A switch of the whole host that is turned on for a while. What it was is noted first, so that it is turned back by the next start
/// if this server dies. The note need not be on the disk: a host that loses it has started anew, and lost the setting too.
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
            let file = try OwnedDescriptor.open(
                note, .writeOnly, options: [.create, .truncate, .noFollow],
                permissions: FilePermissions(rawValue: 0o644))
            try file.writeAll(before.utf8)
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
}

/// `/sys/kernel/rcu_expedited` while slots are built: without it every link waits several times until all CPUs have passed a quiet
/// state. Where it cannot be set everything works, slower.
struct KernelHaste {
    private let setting: HostSetting

    init(directory: FilePath) { setting = HostSetting("/sys/kernel/rcu_expedited", notedIn: directory) }

    func begin() { try? setting.turnOn() }
    func end() { setting.turnBack() }
}
