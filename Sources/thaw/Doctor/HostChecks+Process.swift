import Glibc
import LinuxKit
import Sandboxes
import SystemPackage

/// What sandboxes that are processes need of the kernel.
extension HostChecks {
    static func processFeatures() -> [HostCheck] {
        [
            userNamespaces(), systemCallFilters(), tracing(), chosenProcessIDs(), pageScan(),
            fileSystem("erofs", remedy: "modprobe erofs; in a container, on its host"),
            fileSystem("overlay", remedy: "modprobe overlay; in a container, on its host"), loopDevices(),
        ]
    }

    private static func userNamespaces() -> HostCheck {
        var plan = SpawnPlan(executable: "/bin/true", arguments: ["true"])
        plan.namespaces = [.users, .processes, .ipc, .hostName]
        do {
            _ = try plan.spawn().waitBlocking()
            return HostCheck("user namespaces", .good, "can be made", for: .process)
        } catch {
            return HostCheck(
                "user namespaces", .failed, "\(error)",
                remedy: "raise user.max_user_namespaces; in a container, run it privileged", for: .process)
        }
    }

    /// seccomp(2).
    private static func systemCallFilters() -> HostCheck {
        let needed: Set<Substring> = ["kill_process", "errno", "allow"]
        let text = (try? SmallFile.text("/proc/sys/kernel/seccomp/actions_avail")) ?? ""
        guard needed.isSubset(of: text.split { $0.isWhitespace }) else {
            return HostCheck(
                "seccomp", .failed, "the kernel filters no system calls",
                remedy: "use a kernel with CONFIG_SECCOMP_FILTER", for: .process)
        }
        return HostCheck("seccomp", .good, "filters system calls", for: .process)
    }

    /// ptrace(2) and what Yama allows of it.
    private static func tracing() -> HostCheck {
        let scope = (try? SmallFile.text("/proc/sys/kernel/yama/ptrace_scope")).flatMap { Int($0.filter(\.isNumber)) }
        guard scope != 3 else {
            return HostCheck(
                "ptrace", .failed, "forbidden until the next boot (kernel.yama.ptrace_scope is 3)",
                remedy: "set kernel.yama.ptrace_scope to 2 or less in /etc/sysctl.d and boot", for: .process)
        }
        return capability(
            "ptrace", [19], found: "processes can be stopped and read", missing: "not allowed: no CAP_SYS_PTRACE")
    }

    /// `set_tid` of clone3(2): a clone's threads have the ids that their runtime knows.
    private static func chosenProcessIDs() -> HostCheck {
        capability(
            "process ids", [21, 40], found: "can be chosen",
            missing: "cannot be chosen: neither CAP_SYS_ADMIN nor CAP_CHECKPOINT_RESTORE")
    }

    /// - Parameter numbers: of capabilities(7), one of which is enough.
    private static func capability(_ name: String, _ numbers: [Int], found: String, missing: String) -> HostCheck {
        let text = (try? SmallFile.text("/proc/self/status")) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        let mask = line?.split { $0.isWhitespace }.last.flatMap { UInt64($0, radix: 16) } ?? 0
        if numbers.contains(where: { mask >> UInt64($0) & 1 == 1 }) {
            return HostCheck(name, .good, found, for: .process)
        }
        return HostCheck(
            name, .failed, missing, remedy: "run as root; in a container, run it privileged", for: .process)
    }

    /// PAGEMAP_SCAN of ioctl_pagemap_scan(2), Linux 6.7: which pages a runtime has written.
    private static func pageScan() -> HostCheck {
        /// `struct pm_scan_arg`: size, flags, start, end, walk_end, vec, vec_len, max_pages and four category masks.
        var argument = [UInt64](repeating: 0, count: 12)
        let request = UInt(0xC060_6610)  // _IOWR('f', 16, struct pm_scan_arg)
        let (page, isPresent) = (UInt64(sysconf(CInt(_SC_PAGESIZE))), UInt64(1 << 3))
        let outcome = withUnsafeMutablePointer(to: &argument[0]) { first -> Errno? in
            let start = UInt64(UInt(bitPattern: first)) & ~(page - 1)
            (first[0], first[2], first[3], first[10], first[11]) = (96, start, start + page, isPresent, isPresent)
            do throws(Errno) {
                let map = try OwnedDescriptor.open("/proc/self/pagemap", .readOnly)
                try map.withRaw { raw throws(Errno) in _ = try syscall { ioctl(raw, request, first) } }
                return nil
            } catch {
                return error
            }
        }
        guard let outcome else { return HostCheck("page scan", .good, "written pages can be found", for: .process) }
        return HostCheck(
            "page scan", .failed, "the kernel does not tell which pages were written: \(outcome)",
            remedy: "use Linux 6.7 or newer", for: .process)
    }

    private static func fileSystem(_ name: String, remedy: String) -> HostCheck {
        let text = (try? SmallFile.text("/proc/filesystems")) ?? ""
        let isThere = text.split(separator: "\n").contains { $0.split(separator: "\t").last == name[...] }
        return isThere
            ? HostCheck(name, .good, "can be mounted", for: .process)
            : HostCheck(name, .failed, "the kernel does not know this file system", remedy: remedy, for: .process)
    }

    private static func loopDevices() -> HostCheck {
        if (try? OwnedDescriptor.open("/dev/loop-control", .readWrite)) != nil {
            return HostCheck("loop devices", .good, "can be made", for: .process)
        }
        return HostCheck(
            "loop devices", .failed, "/dev/loop-control cannot be opened",
            remedy: "modprobe loop; in a container, pass /dev/loop-control in", for: .process)
    }
}
