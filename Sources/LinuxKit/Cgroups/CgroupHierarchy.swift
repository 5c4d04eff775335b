import Glibc
package import SystemPackage

/// Where this host's cgroups are, and all of ours: everything is made under a directory `thaw` of each hierarchy.
package struct CgroupHierarchy: Sendable, Hashable {
    /// What limits need.
    package enum Controller: String, Sendable, Hashable, CaseIterable {
        case cpu, memory, pids
        /// Version 1 only, where nothing else stops members while they are killed.
        case freezer
    }

    package let version: CgroupVersion
    /// Controllers this host does not offer: limits that need them cannot be set.
    package let missing: Set<Controller>
    /// Our `thaw` directories: one in version 2; in version 1 one per controller (its own hierarchy), and one of version 2 where that
    /// is mounted beside them, without controllers: there members can be frozen so that they still can be killed.
    let trees: [FilePath]
    private let unifiedTree: FilePath?
    private let parents: [Controller: FilePath]
    /// Where the files are that speak of memory.
    var memoryTree: FilePath? { parents[.memory] }
    /// `thaw` directories that servers started in another way have made.
    private let foreignTrees: [FilePath]

    /// One tree, with every controller it delegates.
    /// - Parameter top: of the whole hierarchy, where `root` is not.
    package init(version2 root: FilePath, below top: FilePath? = nil) throws(CgroupError) {
        let offered = try SmallFile.cgroup(root.appending("cgroup.controllers")).split { $0 == " " || $0 == "\n" }
        let wanted: [Controller] = [.cpu, .memory, .pids]
        let available = wanted.filter { offered.contains(Substring($0.rawValue)) }
        let tree = root.appending("thaw")
        version = .two
        missing = Set(wanted).subtracting(available)
        trees = [tree]
        unifiedTree = tree
        foreignTrees = top.map { [$0.appending("thaw")] } ?? []
        parents = Dictionary(uniqueKeysWithValues: available.map { ($0, tree) })
    }

    /// One tree per controller, each at `root/<controller>`.
    package init(version1 root: FilePath) {
        let available = Controller.allCases.filter { controller in
            FileStatus.exists(root.appending(controller.rawValue).appending("cgroup.procs"))
        }
        version = .one
        missing = Set(Controller.allCases).subtracting(available)
        let trees = available.map { root.appending($0.rawValue).appending("thaw") }
        let unified = root.appending("unified")
        // As systemd's hybrid mode mounts it; in a container it may be for looking only.
        unifiedTree =
            FileStatus.exists(unified.appending("cgroup.controllers")) && FileStatus.isWritable(unified)
            ? unified.appending("thaw") : nil
        self.trees = unifiedTree.map { trees + [$0] } ?? trees
        foreignTrees = []
        parents = Dictionary(uniqueKeysWithValues: zip(available, trees))
    }

    /// Finds what the host has mounted at `root`: version 2 where that carries the controllers, else version 1.
    /// - Parameter membership: which cgroups this process is in, as /proc tells.
    package static func detect(
        root: FilePath = "/sys/fs/cgroup", membership: FilePath = "/proc/self/cgroup"
    ) throws(CgroupError) -> CgroupHierarchy {
        if FileStatus.exists(root.appending("cgroup.controllers")) {
            guard let given = CgroupDelegation.given(to: membership, below: root) else {
                return try CgroupHierarchy(version2: root)
            }
            return try CgroupHierarchy(version2: given, below: root)
        }
        let hierarchy = CgroupHierarchy(version1: root)
        guard !hierarchy.trees.isEmpty else {
            throw CgroupError(
                code: .unavailable, path: root, errno: nil,
                message: "no cgroup controllers at \(root): mount cgroup2 there (mount -t cgroup2 none \(root))")
        }
        return hierarchy
    }

    /// Makes the cgroup and sets its limits; on failure none of it is left.
    package func create(_ name: String, limits: CgroupLimits = CgroupLimits()) throws(CgroupError) -> Cgroup {
        let cgroup = try cgroup(named: name)
        do {
            if version == .two { try delegateControllers() }
            for directory in cgroup.directories { try makeDirectories(directory) }
            try apply(limits, to: cgroup)
        } catch {
            for directory in cgroup.directories { try? Directory.remove(directory) }
            throw error
        }
        return cgroup
    }

    /// Replaces the limits of a cgroup that has some; what is nil stays as it is.
    package func update(_ cgroup: Cgroup, limits: CgroupLimits) throws(CgroupError) {
        // Version 1 wants memory alone never above memory with swap, in whichever direction both go.
        if version == .one, limits.memoryBytes != nil, let memory = cgroup.memory {
            let swap = memory.appending("memory.memsw.limit_in_bytes")
            if FileStatus.exists(swap) { try SmallFile.setCgroup(swap, to: "-1") }
        }
        try apply(limits, to: cgroup)
    }

    /// Ends and removes every cgroup of ours whose name begins with `prefix`: what a dead server left.
    /// - Returns: the names removed.
    package func sweep(prefix: String) throws(CgroupError) -> [String] { try sweep { $0.hasPrefix(prefix) } }

    /// A name for the cgroups of one probe by this process. Those of probes whose processes are no more are removed.
    /// - Parameter prefix: begins the names of the caller's cgroups.
    package func nameForProbe(prefix: String = "") throws(CgroupError) -> String {
        let probes = prefix + "probe-"
        _ = try sweepOrphans(prefix: probes)
        return "\(probes)\(getpid())-\(UInt32.random(in: .min ... .max))"
    }

    /// The same for what carries a process's id behind `prefix`, as the cgroups of probes do: where that process is no more.
    package func sweepOrphans(prefix: String) throws(CgroupError) -> [String] {
        try sweep { name in
            guard name.hasPrefix(prefix), let process = Int32(name.dropFirst(prefix.count).prefix { $0.isNumber })
            else {
                return false
            }
            return !FileStatus.exists(FilePath("/proc/\(process)"))
        }
    }

    private func sweep(_ isWanted: (String) -> Bool) throws(CgroupError) -> [String] {
        var names: Set<String> = []
        for parent in trees where FileStatus.exists(parent) {
            do {
                for entry in try Directory.entries(parent) where isWanted(entry) {
                    if FileStatus.isDirectory(parent.appending(entry)) { names.insert(entry) }
                }
            } catch {
                throw CgroupError(code: .refused, path: parent, errno: error, message: "cannot list \(parent)")
            }
        }
        for name in names.sorted() { try cgroup(named: name).remove() }
        return try names.sorted() + sweepForeign(isWanted)
    }

    private func sweepForeign(_ isWanted: (String) -> Bool) throws(CgroupError) -> [String] {
        var names: [String] = []
        for tree in foreignTrees {
            for entry in (try? Directory.entries(tree)) ?? [] where isWanted(entry) {
                let directory = tree.appending(entry)
                try Cgroup(
                    name: entry, version: version, directories: [directory], memory: nil, freezer: nil, unified: nil
                ).remove()
                names.append(entry)
            }
            try? Directory.remove(tree)
        }
        return names
    }

    /// Removes our `thaw` directories where no cgroup is left in them: the last act of a clean stop.
    package func removeIfEmpty() {
        for tree in trees { try? Directory.remove(tree) }
    }

    private func cgroup(named name: String) throws(CgroupError) -> Cgroup {
        guard !name.isEmpty, !name.contains("/"), !name.hasPrefix("."), name.utf8.count <= 200 else {
            throw CgroupError(
                code: .refused, path: FilePath(name), errno: .invalidArgument, message: "not a cgroup name: \"\(name)\""
            )
        }
        return Cgroup(
            name: name, version: version, directories: trees.map { $0.appending(name) },
            memory: parents[.memory]?.appending(name),
            freezer: version == .one ? parents[.freezer]?.appending(name) : nil,
            unified: unifiedTree?.appending(name))
    }

    /// A child has a controller only if every ancestor passes it on.
    private func delegateControllers() throws(CgroupError) {
        guard let tree = parents.values.first else { return }
        try makeDirectories(tree)
        let wanted = parents.keys.map { "+\($0.rawValue)" }.sorted().joined(separator: " ")
        let place = tree.removingLastComponent()
        do {
            try SmallFile.setCgroup(place.appending("cgroup.subtree_control"), to: wanted)
        } catch {
            guard error.errno == .resourceBusy else { throw error }
            // All but the very top one pass nothing on while there are processes in them.
            try CgroupDelegation.moveProcesses(outOf: place)
            try SmallFile.setCgroup(place.appending("cgroup.subtree_control"), to: wanted)
        }
        try SmallFile.setCgroup(tree.appending("cgroup.subtree_control"), to: wanted)
    }

    private func makeDirectories(_ directory: FilePath) throws(CgroupError) {
        var attempts = 0
        while true {
            do {
                try Directory.create(directory.removingLastComponent(), existingIsFine: true)
                try Directory.create(directory, existingIsFine: true)
                return
            } catch .noSuchFileOrDirectory where attempts < 10 {
                attempts += 1  // removeIfEmpty() came between the two
            } catch {
                throw CgroupError(
                    code: .refused, path: directory, errno: error, message: "cannot make cgroup \(directory)")
            }
        }
    }

    private func apply(_ limits: CgroupLimits, to cgroup: Cgroup) throws(CgroupError) {
        for (controller, file, value) in limits.settings(version) {
            guard let parent = parents[controller] else {
                throw CgroupError(
                    code: .unavailable, path: FilePath(file), errno: nil,
                    message: "this host has no \(controller.rawValue) cgroup controller, so \(file) cannot be set")
            }
            let path = parent.appending(cgroup.name).appending(file)
            if CgroupLimits.swapFiles.contains(file), !FileStatus.exists(path) { continue }
            try SmallFile.setCgroup(path, to: value)
        }
    }
}

extension CgroupLimits {
    /// There only where the kernel counts swap.
    static let swapFiles: Set = ["memory.swap.max", "memory.memsw.limit_in_bytes"]

    typealias Setting = (controller: CgroupHierarchy.Controller, file: String, value: String)

    /// The files to write, in this order.
    func settings(_ version: CgroupVersion) -> [Setting] {
        let period = 100_000
        // The kernel's least is 1 ms; written so that no number, not even NaN, traps.
        let quota = cpuQuota.map { Int(($0 > 0.01 ? min($0, 100_000) : 0.01) * Double(period)) }
        let weight = cpuWeight.map { min(10_000, max(1, $0)) }
        var settings: [Setting] = []
        switch version {
        case .two:
            if let memoryBytes {
                settings.append((.memory, "memory.max", "\(memoryBytes)"))
                settings.append((.memory, "memory.swap.max", "0"))
                // The whole group dies when its memory is out: half a sandbox is of no use.
                settings.append((.memory, "memory.oom.group", "1"))
            }
            if let memoryMark { settings.append((.memory, "memory.high", "\(memoryMark)")) }
            if let quota { settings.append((.cpu, "cpu.max", "\(quota) \(period)")) }
            if let weight { settings.append((.cpu, "cpu.weight", "\(weight)")) }
        case .one:
            if let memoryBytes {
                settings.append((.memory, "memory.limit_in_bytes", "\(memoryBytes)"))
                // Memory and swap together, never below the limit of memory alone.
                settings.append((.memory, "memory.memsw.limit_in_bytes", "\(memoryBytes)"))
            }
            if let quota {
                settings.append((.cpu, "cpu.cfs_period_us", "\(period)"))
                settings.append((.cpu, "cpu.cfs_quota_us", "\(quota)"))
            }
            // Version 1 counts shares with 1024 for everybody else; its range is 2 to 262144.
            if let weight { settings.append((.cpu, "cpu.shares", "\(max(2, weight * 1024 / 100))")) }
        }
        if let processes { settings.append((.pids, "pids.max", "\(processes)")) }
        return settings
    }
}
