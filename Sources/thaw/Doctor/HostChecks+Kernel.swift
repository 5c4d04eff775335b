import LinuxKit
import Sandboxes
import SystemPackage

extension HostChecks {
    static func kernelFeatures(stateDirectory: FilePath) -> [HostCheck] {
        [release(), tun(), networkNamespaces(), unnamedFiles(existing(stateDirectory))]
    }

    /// clone3(2) with CLONE_INTO_CGROUP came with 5.7, pidfd_open(2) with 5.3, close_range(2) with 5.9.
    private static let oldestRelease = (5, 10)

    private static func release() -> HostCheck {
        let text =
            (try? SmallFile.text("/proc/sys/kernel/osrelease"))?.split(separator: "\n").first.map(String.init) ?? "?"
        let numbers = text.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        let isNewEnough = numbers.count == 2 && (numbers[0], numbers[1]) >= oldestRelease
        return HostCheck(
            "kernel", isNewEnough ? .good : .failed, text,
            remedy: isNewEnough ? nil : "use Linux \(oldestRelease.0).\(oldestRelease.1) or newer")
    }

    private static func tun() -> HostCheck {
        if (try? OwnedDescriptor.open("/dev/net/tun", .readWrite)) != nil {
            return HostCheck("tun", .good, "/dev/net/tun opens", for: .microvm)
        }
        return HostCheck(
            "tun", .failed, "/dev/net/tun cannot be opened",
            remedy: "modprobe tun; in a container, pass /dev/net/tun in", for: .microvm)
    }

    private static func networkNamespaces() -> HostCheck {
        do throws(NetworkError) {
            _ = try NetworkNamespace.create()
            return HostCheck("network namespaces", .good, "can be made")
        } catch {
            return HostCheck(
                "network namespaces", .failed, "\(error)",
                remedy: "run as root with CAP_SYS_ADMIN; in a container, run it privileged")
        }
    }

    /// O_TMPFILE of open(2).
    private static func unnamedFiles(_ directory: FilePath) -> HostCheck {
        do throws(Errno) {
            _ = try OwnedDescriptor.openTemporary(in: directory)
            return HostCheck("unnamed files", .good, "can be made in \(directory)")
        } catch {
            return HostCheck(
                "unnamed files", .failed, "cannot be made in \(directory): \(error)",
                remedy: "keep --state-dir on ext4, xfs, btrfs or tmpfs")
        }
    }
}
