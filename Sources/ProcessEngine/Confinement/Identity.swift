import GuestProtocol
import LinuxKit
import Sandboxes
import SystemPackage

/// Who is who in a process sandbox: the one that its function is inside is its ``SandboxUser`` on the host. Nobody else exists
/// there; the images' files are nobody's.
enum Identity {
    /// Maps the identities of the sandbox whose process 1 this is.
    static func map(_ user: SandboxUser, in holder: ChildProcess) throws(SandboxError) {
        try hostCall("map the identities of a sandbox") {
            let directory = FilePath("/proc/\(holder.pid)")
            try SmallFile.set(directory.appending("uid_map"), to: "\(RuntimeUser.user) \(user.user) 1")
            try SmallFile.set(directory.appending("gid_map"), to: "\(RuntimeUser.group) \(user.group) 1")
        }
    }
}
