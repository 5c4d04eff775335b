import LinuxKit
import Sandboxes
import SystemPackage

/// /dev of every sandbox: one small file system for all, which none can change.
///
/// No terminal, and no place for shared memory, as on AWS: libraries that find no /dev/shm do without named semaphores.
struct DeviceTree: Sendable {
    private static let devices: [(name: FilePath, major: UInt32, minor: UInt32)] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9),
    ]
    private static let links: [(name: FilePath, content: FilePath)] = [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ]
    private static let attributes: MountAttributes = [.readOnly, .noSetUserID, .noExecution]

    /// Nil where a mount that stands in no namespace cannot be cloned: then each root gets a tree of its own.
    private let shared: DetachedMount?

    init() throws(SandboxError) {
        let made = try Self.make()
        shared = (try? made.clone()) == nil ? nil : made
    }

    /// One more mount of it.
    func attachable() throws(SandboxError) -> DetachedMount {
        guard let shared else { return try Self.make() }
        return try hostCall { try shared.clone() }
    }

    private static func make() throws(SandboxError) -> DetachedMount {
        let tree = try hostCall { try DetachedMount.make("tmpfs", options: ["mode": "0755", "size": "64k"]) }
        try hostCall("make devices") {
            let directory = tree.descriptor
            for device in devices {
                try directory.descriptor.makeCharacterDevice(
                    device.name, major: device.major, minor: device.minor,
                    permissions: FilePermissions(rawValue: 0o666))
            }
            for link in links { try directory.descriptor.makeSymlink(saying: link.content, at: link.name) }
        }
        try hostCall { try tree.restrict(attributes) }
        return tree
    }
}
