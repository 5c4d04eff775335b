import CProcessImage
import LinuxKit

/// What of this host a snapshot depends on: a frozen process has the kernel's code (the vdso) in its memory, code chosen for
/// the CPU, and registers saved as this CPU does.
struct SnapshotRequirements: Sendable {
    let requirements: [String: String]

    init(restorer: Restorer) {
        requirements = [
            "architecture": "x86_64",
            "kernel": HostSystem.kernelBuild(),
            "processor": HostSystem.processorFeatures(),
            "restorer": restorer.digest,
            "imageVersion": "\(THAW_IMAGE_VERSION)",
        ]
    }
}
