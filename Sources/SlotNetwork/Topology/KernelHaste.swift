internal import LinuxKit
internal import SystemPackage

/// `/sys/kernel/rcu_expedited` while slots are built: without it every link waits several times until all CPUs have passed a quiet
/// state. What was set before is set again, by the next start if need be.
struct KernelHaste {
    private static let setting: FilePath = "/sys/kernel/rcu_expedited"
    private let note: FilePath

    /// - Parameter directory: where the old value is noted meanwhile.
    init(directory: FilePath) { note = directory.appending("rcu_expedited") }

    /// Where it cannot be set everything works, slower.
    func begin() {
        end()
        guard let before = try? SmallFile.text(Self.setting), before.first == "0" else { return }
        do throws(Errno) {
            try DurableFile.write(before.utf8, to: note)
            try SmallFile.set(Self.setting, to: "1")
        } catch {
            end()
        }
    }

    /// Also what a server that died has left set.
    func end() {
        guard let before = try? SmallFile.text(note) else { return }
        try? SmallFile.set(Self.setting, to: before)
        try? DurableFile.remove(note)
    }
}
