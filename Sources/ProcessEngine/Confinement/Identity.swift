import Glibc
import GuestProtocol
import LinuxKit
import Sandboxes
import SystemPackage

/// Who is who in a process sandbox: the one that its function is inside is its ``SandboxUser`` on the host. Nobody else exists
/// there but root, whom the images' files belong to.
enum Identity {
    /// Maps the identities of the sandbox whose process 1 this is.
    static func map(_ user: SandboxUser, in holder: ChildProcess) throws(SandboxError) {
        try hostCall("map the identities of a sandbox") {
            let directory = FilePath("/proc/\(holder.pid)")
            try SmallFile.set(
                directory.appending("uid_map"),
                to: "\(RuntimeUser.user) \(user.user) 1\n0 \(user.files.user) 1\n")
            try SmallFile.set(
                directory.appending("gid_map"),
                to: "\(RuntimeUser.group) \(user.group) 1\n0 \(user.files.group) 1\n")
        }
    }

    /// A user namespace for ``LinuxKit/DetachedMount/mapOwners(by:)``: what is root's in an image is the owner's. Blocks.
    static func namespaceOfFiles(_ owner: FileOwner, _ restorer: Restorer) throws(SandboxError) -> SharedDescriptor {
        var plan = restorer.plan(arguments: ["init"])
        plan.namespaces = [.users]
        plan.steps = [.newSession, .parentDeathSignal(SIGKILL)]
        let holder = try hostCall { try plan.spawn() }
        return try hostCall("map the owner of files") {
            defer {
                try? holder.signal(SIGKILL)
                _ = try? holder.waitBlocking()
            }
            let directory = FilePath("/proc/\(holder.pid)")
            try SmallFile.set(directory.appending("uid_map"), to: "0 \(owner.user) 1")
            try SmallFile.set(directory.appending("gid_map"), to: "0 \(owner.group) 1")
            return try OwnedDescriptor.open(directory.appending("ns/user"), .readOnly).shared()
        }
    }
}
