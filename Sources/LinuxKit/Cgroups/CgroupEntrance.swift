internal import Basics
package import SystemPackage

/// How a process gets into a cgroup without waiting. The usual way, cgroup.procs, takes all threads of a process along: for that
/// the kernel stops all forks on the host, after a grace period of RCU, some 10 to 30 ms (cgroup_threadgroup_rwsem).
package struct CgroupEntrance: Sendable {
    /// Version 2: the directory, for CLONE_INTO_CGROUP of clone(2). The process is born inside.
    package let birthplace: SharedDescriptor?
    /// Version 1: each controller's `tasks` file, open for writing. A process of one thread moves itself with "0" in each.
    package let files: [File]

    package struct File: Sendable {
        package let descriptor: SharedDescriptor
        package let path: FilePath
    }

    /// The birthplace first.
    package var descriptors: [SharedDescriptor] { (birthplace.map { [$0] } ?? []) + files.map(\.descriptor) }
}

extension Cgroup {
    package func openEntrance() throws(CgroupError) -> CgroupEntrance {
        var birthplace: SharedDescriptor?
        var files: [CgroupEntrance.File] = []
        for directory in directories {
            if directory == unified {
                birthplace = try open(directory) { () throws(Errno) in try OwnedDescriptor.openDirectory(directory) }
            } else {
                let path = directory.appending("tasks")
                let file = try open(path) { () throws(Errno) in try OwnedDescriptor.open(path, .writeOnly) }
                files.append(CgroupEntrance.File(descriptor: file, path: path))
            }
        }
        return CgroupEntrance(birthplace: birthplace, files: files)
    }

    private func open(
        _ path: FilePath, _ opening: () throws(Errno) -> OwnedDescriptor
    ) throws(CgroupError) -> SharedDescriptor {
        return try rethrowing(try opening().shared()) {
            CgroupError(code: .refused, path: path, errno: $0, message: "cannot open \(path)")
        }
    }
}
