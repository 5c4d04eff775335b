import LinuxKit
import Sandboxes
import SystemPackage

/// What a process of a sandbox sees as its file system: the base image at /, the code at /var/task, devices, /tmp.
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
    var devices: DeviceTree
    var scratch: Scratch
    /// Whether /proc is mounted: in the pid namespace of the process that runs the steps.
    var hasProcesses: Bool

    /// Steps that make it the root of a child with a mount namespace of its own.
    /// - Parameter mountPoint: a directory of the host; what is mounted there shows in that namespace alone.
    func steps(at mountPoint: FilePath) throws(SandboxError) -> [SpawnStep] {
        var steps: [SpawnStep] = [
            // Nothing done below may show on the host, and pivot_root refuses shared mounts.
            .mount(source: "none", target: "/", type: "", flags: [.private, .recursive], data: ""),
            .attach(try base.attachable(), at: mountPoint),
            .attach(try devices.attachable(), at: mountPoint.appending("dev")),
        ]
        if let code { steps.append(.attach(try code.attachable(), at: mountPoint.appending("var/task"))) }
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
                    flags: [.noSetUserID, .noDevices], data: "mode=1777,size=\(bytes)"))
        case .frozen(let image): steps.append(.attach(try image.attachable(), at: mountPoint.appending("tmp")))
        case .none: break
        }
        steps.append(.pivotRoot(to: mountPoint))
        return steps
    }
}
