import Glibc
import LinuxKit
import Sandboxes
import SystemPackage

/// Where the sockets of one machine are: a file system of its own that is mounted nowhere, so that nobody else comes to them and
/// nothing is left of them. Whoever has its descriptor reaches them by paths below that.
struct SocketDirectory: Sendable {
    /// The machine's process makes it.
    static let control: FilePath.Component = "api.sock"
    /// As Firecracker calls it; the port that a guest connects to is behind an underscore.
    static let vsock: FilePath.Component = "v.sock"
    static let guestPort: UInt32 = 1024

    let descriptor: SharedDescriptor

    /// - Parameter user: who alone may use it, beside root.
    init(user: UInt32) throws(SandboxError) {
        descriptor = try hostCall("make a place for sockets") {
            try DetachedMount.make(
                "tmpfs",
                options: [
                    "mode": "700", "uid": "\(user)", "gid": "\(MachineUser.group)", "size": "64k", "nr_inodes": "16",
                ],
                attributes: [.noSetUserID, .noDevices, .noExecution]
            ).descriptor
        }
    }

    init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor.shared() }

    /// In this process.
    var path: FilePath { descriptor.withRaw { Self.path(of: $0) } }

    static func path(of descriptor: CInt) -> FilePath { FilePath("/proc/self/fd/\(descriptor)") }

    /// Listens where Firecracker connects to when the guest connects to ``guestPort`` of its host.
    func listen(for user: UInt32) throws(SandboxError) -> OwnedDescriptor {
        let path = path.appending("\(Self.vsock)_\(Self.guestPort)")
        return try hostCall("listen at \(path)") {
            try UnixListener.listen(at: path, user: user, group: MachineUser.group)
        }
    }
}
