import LinuxKit
import Sandboxes

/// The cgroups of this server's process sandboxes.
package struct EngineCgroups: Sendable {
    private let hierarchy: CgroupHierarchy
    /// Begins the name of each; a sweep removes what begins so and nothing else.
    private let prefix: String

    /// - Parameter instance: tells this server's cgroups from those of another one on the host.
    package init(instance: String) throws(CgroupError) {
        hierarchy = try .detect()
        prefix = "\(Self.kind)\(instance)-"
    }

    private init(probing hierarchy: CgroupHierarchy) throws(CgroupError) {
        self.hierarchy = hierarchy
        prefix = try hierarchy.nameForProbe(prefix: Self.kind) + "-"
    }

    /// Those of one probe of this process.
    static func ofProbe() throws(CgroupError) -> EngineCgroups { try EngineCgroups(probing: .detect()) }

    private static let kind = "process-"

    var version: CgroupVersion { hierarchy.version }

    package func create(_ id: SandboxID, limits: CellLimits) throws(CgroupError) -> Cgroup {
        try hierarchy.create("\(prefix)\(id)", limits: limits.cgroupLimits)
    }

    /// What all templates use, apart from what their clones do: nothing limits it, and no function's limit pays for it.
    func createForTemplates() throws(CgroupError) -> Cgroup { try hierarchy.create(nameOfTemplates) }

    private var nameOfTemplates: String { "\(prefix)templates" }

    func update(_ cgroup: Cgroup, limits: CellLimits) throws(CgroupError) {
        try hierarchy.update(cgroup, limits: limits.cgroupLimits)
    }

    /// Removes what a dead server left. Blocks.
    func sweep() throws(CgroupError) { _ = try hierarchy.sweep(prefix: prefix) }

    /// What the kernel charges to all of them. Blocks.
    func memoryBytes() -> UInt64? { hierarchy.memoryBytes(prefix: prefix) }

    /// What the kernel charges to that of the templates. Blocks.
    func templateBytes() -> UInt64? { hierarchy.memoryBytes(prefix: nameOfTemplates) }

    /// Removes the directory all of ours lie in, unless another server on the host has some there. Blocks.
    package func removeParents() { hierarchy.removeIfEmpty() }
}
