import Glibc
package import SystemPackage

extension CgroupHierarchy {
    /// What the host's cgroups are good for, by making one with limits and a process in it. Nothing is left of it. Blocks for some
    /// milliseconds.
    package static func findings(root: FilePath = "/sys/fs/cgroup") -> [HostFinding] {
        do {
            let hierarchy = try detect(root: root)
            guard hierarchy.missing.isEmpty else { return [missing(hierarchy)] }
            let name = try hierarchy.nameForProbe()
            let limits = CgroupLimits(memoryBytes: 64 << 20, cpuQuota: 0.5, cpuWeight: 50, processes: 16)
            let cgroup = try hierarchy.create(name, limits: limits)
            defer { hierarchy.removeIfEmpty() }
            let failure = startProcess(in: cgroup)
            try cgroup.remove()
            if let failure { return [failed("no process can be put into one: \(failure)", failure.errno)] }
            let place = hierarchy.trees[0].removingLastComponent()
            let version = hierarchy.version == .two ? "version 2 at \(place)" : "version 1 at \(root)"
            return [.good(title, "memory, processors and processes can be limited, by \(version)")]
        } catch {
            return [failed("\(error)", error.errno)]
        }
    }

    private static let title = "cgroups"

    private static func startProcess(in cgroup: Cgroup) -> SpawnError? {
        var plan = SpawnPlan(executable: "/bin/true", arguments: ["true"])
        plan.cgroup = cgroup
        do {
            let child = try plan.spawn()
            _ = try? child.waitBlocking()
            return nil
        } catch {
            return error
        }
    }

    private static func missing(_ hierarchy: CgroupHierarchy) -> HostFinding {
        let names = hierarchy.missing.map(\.rawValue).sorted().joined(separator: ", ")
        let place = hierarchy.trees.first.map { "\($0.removingLastComponent())" } ?? "the host"
        return .failed(
            title, "\(place) does not offer \(names)",
            remedy: "boot with cgroup_enable=memory and without cgroup_disable; in a container, run it privileged")
    }

    private static func failed(_ found: String, _ errno: Errno?) -> HostFinding {
        let remedy =
            switch errno {
            case .resourceBusy: "run the server as a systemd service with Delegate=yes"
            case .readOnlyFileSystem, .permissionDenied, .notPermitted: "run as root; in a container, run it privileged"
            default: "mount cgroup2 at /sys/fs/cgroup"
            }
        return .failed(title, found, remedy: remedy)
    }
}
