import LinuxKit
import Sandboxes

/// The cgroups of this server's machines.
package struct MachineCgroups: Sendable {
    let hierarchy: CgroupHierarchy
    /// Begins the name of each; a sweep removes what begins so and nothing else.
    package let instance: String

    package init(hierarchy: CgroupHierarchy, instance: String) {
        self.hierarchy = hierarchy
        self.instance = instance
    }

    func create(_ id: SandboxID, limits: CgroupLimits) throws(CgroupError) -> Cgroup {
        try hierarchy.create("\(instance)-\(id)", limits: limits)
    }

    /// Removes the directory all of ours lie in, unless another server on the host has some there.
    func removeParents() async {
        let hierarchy = hierarchy
        await BlockingThread.run { hierarchy.removeIfEmpty() }
    }

    /// What the kernel charges to all of them.
    func memoryBytes() async -> UInt64? {
        let (hierarchy, prefix) = (hierarchy, "\(instance)-")
        return await BlockingThread.run { hierarchy.memoryBytes(prefix: prefix) }
    }

    func sweep() async throws(SandboxError) {
        let prefix = "\(instance)-"
        let hierarchy = hierarchy
        let outcome = await BlockingThread.run {
            Result { () throws(CgroupError) in try hierarchy.sweep(prefix: prefix) }
        }
        _ = try hostCall { try outcome.get() }
    }
}
