import Glibc
import LinuxKit
import MicroVMEngine
import Sandboxes
import SystemPackage

/// What `thaw doctor` looks at, in the order in which it tells.
enum HostChecks {
    static func all(stateDirectory: FilePath) -> [HostCheck] {
        [virtualisation(), controlGroups(), disk(stateDirectory), memory()]
            + kernelFeatures(stateDirectory: stateDirectory) + network() + processFeatures() + packages()
    }

    // MARK: - Processor

    /// `/dev/kvm` alone proves nothing: the vendor's module is the evidence, and that the device can be opened.
    static func virtualisation() -> HostCheck {
        let module = ["kvm_intel", "kvm_amd"].first { FileStatus.exists(FilePath("/sys/module/\($0)")) }
        let opens = (try? OwnedDescriptor.open("/dev/kvm", .readWrite)) != nil
        switch (module, opens) {
        case (let module?, true):
            return HostCheck("virtualisation", .good, "hardware (\(module))", for: .microvm)
        case (let module?, false):
            return HostCheck(
                "virtualisation", .warning, "emulated: \(module) is loaded but /dev/kvm cannot be opened",
                remedy: "run as root, or pass /dev/kvm into this container", for: .microvm)
        case (nil, true):
            return HostCheck(
                "virtualisation", .warning,
                "emulated: /dev/kvm opens, but without kvm_intel or kvm_amd behind it guests do not boot",
                remedy:
                    "use a machine with nested virtualisation, or a bare-metal one; emulation is 20 to 60 times slower",
                for: .microvm)
        case (nil, false):
            return HostCheck(
                "virtualisation", .warning, "emulated: no kvm_intel or kvm_amd",
                remedy:
                    "enable virtualisation in the firmware or the cloud machine's type, then modprobe kvm_intel or kvm_amd",
                for: .microvm)
        }
    }

    // MARK: - Limits

    static func controlGroups() -> HostCheck {
        do throws(CgroupError) {
            let hierarchy = try CgroupHierarchy.detect()
            let version = hierarchy.version == .two ? "version 2" : "version 1"
            guard hierarchy.missing.isEmpty else {
                let names = hierarchy.missing.map(\.rawValue).sorted().joined(separator: ", ")
                return HostCheck(
                    "cgroups", .warning, "\(version), without \(names)",
                    remedy: "sandboxes have no limit there; enable these controllers on the kernel command line "
                        + "or have the container's manager delegate them")
            }
            return HostCheck("cgroups", .good, "\(version) with cpu, memory and pids")
        } catch {
            return HostCheck("cgroups", .failed, "\(error)", remedy: "mount cgroup2 at /sys/fs/cgroup")
        }
    }

    // MARK: - Room

    static func disk(_ directory: FilePath) -> HostCheck {
        let existing = existing(directory)
        var status = statvfs()
        guard statvfs(existing.string, &status) == 0 else {
            return HostCheck("disk", .failed, "cannot look at \(existing): \(Errno(rawValue: errno))")
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        return room(
            "disk", free, at: " at \(existing)", least: 2 << 30, good: 8 << 30,
            remedy: "make room, or use another --state-dir")
    }

    /// The directory, or the nearest one above it that is there.
    static func existing(_ directory: FilePath) -> FilePath {
        var path = directory
        while !FileStatus.isDirectory(path), !path.components.isEmpty { path.removeLastComponent() }
        return path
    }

    static func memory() -> HostCheck {
        let text = (try? SmallFile.text("/proc/meminfo")) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) } ?? 0
        return room(
            "memory", kilobytes << 10, at: "", least: 768 << 20, good: 4 << 30,
            remedy: "each sandbox may use what its function's MemorySize says")
    }

    private static func room(
        _ name: String, _ free: UInt64, at place: String, least: UInt64, good: UInt64, remedy: String
    ) -> HostCheck {
        let found = "\(free >> 20) MiB available\(place)"
        if free >= good { return HostCheck(name, .good, found) }
        return HostCheck(
            name, free >= least ? .warning : .failed, "\(found); \(good >> 20) MiB is comfortable", remedy: remedy)
    }
}
