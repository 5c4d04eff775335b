import LinuxKit
import SystemPackage

/// Whether a machine's processes run. QEMU itself is frozen, not only the virtual processors by its `stop`: for that QEMU would have to
/// run, and its clocks would stand still, while a guest that is frozen from outside finds them right.
struct MachineMotion: ~Copyable {
    private let cgroup: Cgroup
    /// Opened when it stands still for the first time.
    private var freezer: CgroupFreezer?
    private var isStanding = false
    /// False while an invocation is under way, and at the end.
    var mayStandStill = true

    init(cgroup: Cgroup) { self.cgroup = cgroup }

    mutating func standStill() throws(Errno) {
        guard mayStandStill, !isStanding else { return }
        if freezer == nil { freezer = try cgroup.openFreezer() }
        try freezer?.freeze()
        isStanding = true
    }

    mutating func moveOn() throws(Errno) {
        mayStandStill = false
        guard isStanding else { return }
        isStanding = false
        try freezer?.thaw()
    }
}
