import LinuxKit
import Sandboxes
import Synchronization
import SystemPackage

/// The read-only images in use, each mounted once on this host: one page cache, whoever runs from it.
final class ImageMounts: Sendable {
    private struct Held { weak var mount: ImageMount? }

    private let held = Mutex<[FilePath: Held]>([:])

    /// The image's mount, made when nobody holds it yet. Blocks for up to some milliseconds.
    func mount(_ image: FilePath) throws(SandboxError) -> ImageMount {
        try held.withLock { held throws(SandboxError) in
            if let mount = held[image]?.mount { return mount }
            held = held.filter { $0.value.mount != nil }
            let mount = try ImageMount(image)
            held[image] = Held(mount: mount)
            return mount
        }
    }
}

/// One erofs image, mounted where nobody sees it for as long as this is held or something made from it is.
final class ImageMount: Sendable {
    private static let attributes: MountAttributes = [.readOnly, .noSetUserID, .noDevices]

    private let mount: DetachedMount
    /// The device it is mounted from, where the kernel cannot mount a file.
    private let loop: LoopDevice?

    var isThroughLoop: Bool { loop != nil }

    /// From the file itself (CONFIG_EROFS_FS_BACKED_BY_FILE, Linux 6.12) where the mount can be had more than once then
    /// (6.15), else through a loop device: all mounts of one device are one file system.
    fileprivate init(_ image: FilePath) throws(SandboxError) {
        if let direct = try? Self.make(image), (try? direct.clone()) != nil {
            mount = direct
            loop = nil
            return
        }
        let device = try hostCall("mount \(image)") {
            try LoopDevice(over: OwnedDescriptor.open(image, .readOnly))
        }
        do { mount = try Self.make(device.path) } catch {
            throw .host("\(image): \(error)", cause: error)
        }
        loop = device
    }

    /// One more mount of it, for ``LinuxKit/SpawnStep/attach(_:at:)``.
    func attachable() throws(SandboxError) -> DetachedMount {
        try hostCall { if let loop { try Self.make(loop.path) } else { try mount.clone() } }
    }

    private static func make(_ source: FilePath) throws(MountError) -> DetachedMount {
        try DetachedMount.make("erofs", source: source, options: ["ro": nil], attributes: attributes)
    }
}
