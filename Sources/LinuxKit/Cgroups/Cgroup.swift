package import SystemPackage

/// What the members of a cgroup may use together; nil is "no limit".
package struct CgroupLimits: Sendable, Hashable {
    /// No swap beside it.
    package var memoryBytes: UInt64?
    /// At which a ``CgroupMemoryBell`` rings. Version 2 only; in version 1 the bell sets it.
    package var memoryMark: UInt64?
    /// In CPUs: 1.5 is one and a half.
    package var cpuQuota: Double?
    /// Share under contention as version 2 counts it, 1 to 10000; everybody else has 100.
    package var cpuWeight: Int?
    package var processes: Int?

    package init(
        memoryBytes: UInt64? = nil, memoryMark: UInt64? = nil, cpuQuota: Double? = nil, cpuWeight: Int? = nil,
        processes: Int? = nil
    ) {
        self.memoryBytes = memoryBytes
        self.memoryMark = memoryMark
        self.cpuQuota = cpuQuota
        self.cpuWeight = cpuWeight
        self.processes = processes
    }
}

package enum CgroupVersion: Sendable, Hashable { case one, two }

/// One cgroup: in version 2 a directory, in version 1 a directory of the same name per controller.
///
/// A value that names it; making and removing are explicit. Put into ``SpawnPlan/cgroup``, the child starts inside.
package struct Cgroup: Sendable, Hashable {
    package let name: String
    package let version: CgroupVersion
    package let directories: [FilePath]

    /// The directory whose files speak of memory.
    let memory: FilePath?
    /// Version 1 only.
    let freezer: FilePath?
    /// Its directory of version 2, which a host with version 1 may have beside the others; nil where there is none.
    let unified: FilePath?

    init(
        name: String, version: CgroupVersion, directories: [FilePath], memory: FilePath?, freezer: FilePath?,
        unified: FilePath?
    ) {
        self.name = name
        self.version = version
        self.directories = directories
        self.memory = memory
        self.freezer = freezer
        self.unified = unified
    }
}

/// Why a cgroup could not be made, changed or removed.
package struct CgroupError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The host offers none of the controllers, or not to us.
        case unavailable
        /// A file of the cgroup could not be written or read.
        case refused
        /// Members are left that do not die.
        case busy
    }

    package let code: Code
    package let path: FilePath
    package let errno: Errno?
    package let message: String

    package var description: String { errno.map { "\(message) (\($0))" } ?? message }
}
