import LinuxKit
import Sandboxes
import SystemPackage

/// What a process of a sandbox sees as its file system: the base image at /, the code at /var/task, layers at /opt, devices, /tmp.
struct SandboxRoot: Sendable {
    /// What /tmp holds.
    enum Scratch: Sendable {
        /// Nothing yet, in memory, of at most so many bytes.
        case empty(bytes: UInt64)
        /// What a frozen sandbox had written there, read-only.
        case frozen(ImageMount)
        /// The image's own empty directory.
        case none
    }

    var base: ImageMount
    /// Nil: a seed, which has no function.
    var code: ImageMount?
    /// Nil leaves /opt empty.
    var layers: ImageMount?
    var devices: DeviceTree
    /// Who is root inside.
    var owner: FileOwner
    var mapping: SharedDescriptor
    var scratch: Scratch
    /// Whether code and layers come later: their places are there, with all that the dynamic linker may look for in them.
    var isSeed = false
    /// Whether /proc is mounted: in the pid namespace of the process that runs the steps.
    var hasProcesses: Bool

    /// Steps that make it the root of a child with a mount namespace of its own.
    /// - Parameter mountPoint: a directory of the host; what is mounted there shows in that namespace alone.
    func steps(at mountPoint: FilePath) throws(SandboxError) -> [SpawnStep] {
        var steps: [SpawnStep] = [
            // Nothing done below may show on the host, and pivot_root refuses shared mounts.
            .mount(source: "none", target: "/", type: "", flags: [.private, .recursive], data: ""),
            .attach(try base.attachable().owned(by: mapping), at: mountPoint),
            .attach(try devices.attachable().owned(by: mapping), at: mountPoint.appending("dev")),
        ]
        if let code {
            steps.append(.attach(try code.attachable().owned(by: mapping), at: mountPoint.appending("var/task")))
        } else if isSeed {
            steps += stepsOfPlaces(at: mountPoint)
        }
        if let layers {
            steps.append(.attach(try layers.attachable().owned(by: mapping), at: mountPoint.appending("opt")))
        }
        if hasProcesses {
            steps.append(
                .mount(
                    source: "proc", target: mountPoint.appending("proc"), type: "proc",
                    flags: [.noSetUserID, .noDevices, .noExecution], data: ""))
        }
        switch scratch {
        case .empty(let bytes):
            steps.append(
                .mount(
                    source: "tmpfs", target: mountPoint.appending("tmp"), type: "tmpfs",
                    flags: [.noSetUserID, .noDevices], data: "mode=1777,size=\(bytes),\(ownership)"))
        case .frozen(let image): steps.append(.attach(try image.attachable(), at: mountPoint.appending("tmp")))
        case .none: break
        }
        steps.append(.pivotRoot(to: mountPoint))
        return steps
    }

    /// Where code and layers will be, for a seed. The dynamic linker asks once whether a directory of LD_LIBRARY_PATH is
    /// there, and never looks into it again if it was not: here it finds all that a function may bring along.
    private func stepsOfPlaces(at mountPoint: FilePath) -> [SpawnStep] {
        // The host's own mask is no part of a seed; the plan sets the runtime's later.
        [.fileModeMask([])]
            + ["var/task", "opt"].flatMap { place in
                let path = mountPoint.appending(place)
                return [
                    SpawnStep.mount(
                        source: "tmpfs", target: path, type: "tmpfs", flags: [.noSetUserID, .noDevices, .noExecution],
                        data: "mode=0755,size=64k,\(ownership)")
                ]
                    + Self.libraryDirectories.map {
                        .makeDirectory(path.pushing(FilePath($0)), permissions: .init(rawValue: 0o755))
                    }
                    + [.restrictMount(target: path, .readOnly, recursive: false)]
            }
    }

    /// tmpfs(5)
    private var ownership: String { "uid=\(owner.user),gid=\(owner.group)" }

    /// ld.so(8), "glibc-hwcaps" and the "legacy" subdirectories of releases before 2.37; parents first.
    private static let libraryDirectories = ["", "lib"].flatMap { base in
        ([base].filter { !$0.isEmpty }
            + [
                "glibc-hwcaps", "glibc-hwcaps/x86-64-v2", "glibc-hwcaps/x86-64-v3", "glibc-hwcaps/x86-64-v4", "tls",
                "tls/x86_64", "tls/x86_64/x86_64", "x86_64", "x86_64/x86_64",
            ].map { base.isEmpty ? $0 : "\(base)/\($0)" })
    }
}

extension DetachedMount {
    /// Where the kernel cannot, before Linux 6.0 for erofs and 6.3 for tmpfs, files stay nobody's.
    func owned(by mapping: SharedDescriptor) -> DetachedMount {
        try? mapOwners(by: mapping)
        return self
    }
}
