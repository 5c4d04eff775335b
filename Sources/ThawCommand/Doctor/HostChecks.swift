import BaseImages
import Glibc
import LinuxKit
import ServerAssembly
import SlotNetwork
import SystemPackage

/// What `thaw doctor` looks at beside what the slots and the engines try themselves.
enum HostChecks {
    // MARK: - Kernel

    private static let oldestRelease = (6, 1)

    /// What is too old is found by trying; this says what to expect.
    static func kernel() -> HostCheck {
        let text =
            (try? SmallFile.text("/proc/sys/kernel/osrelease"))?.split(separator: "\n").first.map(String.init) ?? "?"
        let numbers = text.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        guard numbers.count == 2, (numbers[0], numbers[1]) >= oldestRelease else {
            let oldest = "\(oldestRelease.0).\(oldestRelease.1)"
            return HostCheck(
                .warning("kernel", "\(text); tested is \(oldest) or later", remedy: "use Linux \(oldest) or later"))
        }
        return HostCheck(.good("kernel", text))
    }

    // MARK: - Room

    static func memory() -> HostCheck {
        let available = (try? ProcText(of: "/proc/meminfo"))?.memory("MemAvailable") ?? 0
        return room(
            "memory", available, at: "", least: 768 << 20, good: 4 << 30,
            remedy: "each sandbox may use what its function's MemorySize says: give the host more, or lower that")
    }

    /// - Parameter directory: one that is there.
    static func room(in directory: FilePath) -> [HostCheck] { [disk(directory), unnamedFiles(directory)] }

    private static func disk(_ directory: FilePath) -> HostCheck {
        var status = statvfs()
        guard statvfs(directory.string, &status) == 0 else {
            return HostCheck(
                .failed(
                    "disk", "cannot look at \(directory): \(Errno(rawValue: errno))", remedy: "use another --state-dir")
            )
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        return room(
            "disk", free, at: " at \(directory)", least: 2 << 30, good: 8 << 30,
            remedy: "make room, or use another --state-dir")
    }

    /// O_TMPFILE of open(2).
    private static func unnamedFiles(_ directory: FilePath) -> HostCheck {
        do {
            _ = try OwnedDescriptor.openTemporary(in: directory)
            return HostCheck(.good("unnamed files", "can be made in \(directory)"))
        } catch {
            return HostCheck(
                .failed(
                    "unnamed files", "cannot be made in \(directory): \(error)",
                    remedy: "keep --state-dir on ext4, xfs, btrfs or tmpfs"))
        }
    }

    /// The directory, or the nearest one above it that is there.
    static func existing(_ directory: FilePath) -> FilePath {
        var path = directory
        while !FileStatus.isDirectory(path), !path.components.isEmpty { path.removeLastComponent() }
        return path
    }

    private static func room(
        _ name: String, _ free: UInt64, at place: String, least: UInt64, good: UInt64, remedy: String
    ) -> HostCheck {
        let found = "\(free >> 20) MiB available\(place)"
        if free >= good { return HostCheck(.good(name, found)) }
        let wanting = "\(found); \(good >> 20) MiB is comfortable"
        return HostCheck(
            free >= least ? .warning(name, wanting, remedy: remedy) : .failed(name, wanting, remedy: remedy))
    }

    // MARK: - Network

    /// Who answers functions with egress, if any have it.
    static func nameServer(_ slots: ServerConfiguration.Slots) -> [HostCheck] {
        guard slots.egress != .none, slots.nameServer != NameServer.none else { return [] }
        guard let address = slots.nameServer.address() else {
            return [
                HostCheck(
                    .warning(
                        "name server",
                        "the host has none that others can ask: functions with egress resolve no names",
                        remedy: "start with --name-server ADDRESS"))
            ]
        }
        return [HostCheck(.good("name server", "functions with egress have names resolved by \(address)"))]
    }

    // MARK: - Programs

    /// Needed whenever a function is created; the others only to build a base image.
    private static let essential = [Tool.mkfsErofs, .mke2fs]

    static func tools() -> [HostCheck] {
        Tool.all.map { tool in
            let path = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].lazy.map { FilePath("\($0)/\(tool.name)") }
                .first { FileStatus.exists($0) }
            if let path { return HostCheck(.good(tool.name, "\(path)")) }
            let remedy = "apt-get install \(tool.package)"
            return HostCheck(
                essential.contains(tool)
                    ? .failed(tool.name, "not installed: needed for functions' code", remedy: remedy)
                    : .warning(tool.name, "not installed: needed to build base images", remedy: remedy))
        }
    }
}
