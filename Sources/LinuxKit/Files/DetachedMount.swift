internal import Basics
internal import CLinux
import Glibc
package import SystemPackage

/// A mount that is in no mount namespace: held by its descriptor, and gone with the last holder of it or of what was made
/// from it. The host's mount table never shows it, and a crash leaves nothing.
///
/// ``SpawnStep/attach(_:at:)`` puts it into a child's namespace, once; ``clone()`` gives another one of the same file system.
package struct DetachedMount: Sendable {
    package let descriptor: SharedDescriptor

    /// A new file system of this type.
    /// - Parameter options: as mount(8) names them; nil is one without a value.
    package static func make(
        _ type: String, source: FilePath? = nil, options: KeyValuePairs<String, String?> = [:],
        attributes: MountAttributes = []
    ) throws(MountError) -> DetachedMount {
        var context: OwnedDescriptor?
        do {
            let made = OwnedDescriptor(adopting: try shim { clinux_fsopen(type) })
            let number = made.withRaw { $0 }
            context = consume made
            if let source { _ = try shim { clinux_fsconfig_set(number, "source", source.string) } }
            for (key, value) in options { _ = try shim { clinux_fsconfig_set(number, key, value) } }
            _ = try shim { clinux_fsconfig_create(number) }
            let mount = try shim { clinux_fsmount(number, UInt32(truncatingIfNeeded: attributes.rawValue)) }
            return DetachedMount(descriptor: OwnedDescriptor(adopting: mount).shared())
        } catch {
            throw MountError(
                action: "mount \(source.map { "\($0) as " } ?? "")\(type)", errno: error,
                kernelMessage: Self.kernelMessage(context))
        }
    }

    /// The same file system once more (open_tree(2)); its attributes come along. Of a mount that is in no namespace only
    /// Linux 6.15 and later can do it: before, `.invalidArgument`.
    package func clone() throws(MountError) -> DetachedMount {
        do {
            let raw = try descriptor.withRaw { raw throws(Errno) in try shim { clinux_clone_mount(raw) } }
            return DetachedMount(descriptor: OwnedDescriptor(adopting: raw).shared())
        } catch {
            throw MountError(action: "clone a mount", errno: error, kernelMessage: nil)
        }
    }

    /// What a process sees at `path`, also below a mount point there that this one does not see.
    /// - Parameter process: its pidfd.
    package static func copy(of path: FilePath, seenBy process: SharedDescriptor) throws(MountError) -> DetachedMount {
        return try rethrowing(
            try PosixThread.runAndWait { () throws(Errno) in
                try MountNamespace.enter(process.descriptor)
                let raw = try shim { path.withPlatformString { clinux_clone_mount_at($0) } }
                return DetachedMount(descriptor: OwnedDescriptor(adopting: raw).shared())
            }.get()
        ) { MountError(action: "take \(path) from another mount namespace", errno: $0, kernelMessage: nil) }
    }

    /// mount_setattr(2): adds attributes, for what is attached or cloned from now on too.
    package func restrict(_ attributes: MountAttributes) throws(MountError) {
        _ = try rethrowing(
            try descriptor.withRaw { raw throws(Errno) in
                try shim { clinux_mount_attributes(raw, attributes.rawValue) }
            }
        ) { MountError(action: "restrict a mount", errno: $0, kernelMessage: nil) }
    }

    /// mount_setattr(2) with MOUNT_ATTR_IDMAP: files belong to whom the user namespace maps their owners to. Once, and not every file
    /// system can.
    package func mapOwners(by users: SharedDescriptor) throws(MountError) {
        _ = try rethrowing(
            try descriptor.withRaw { raw throws(Errno) in
                try users.withRaw { users throws(Errno) in try shim { clinux_mount_owners(raw, users) } }
            }
        ) { MountError(action: "map the owners of a mount", errno: $0, kernelMessage: nil) }
    }

    /// What the kernel has to say of a file system it did not mount: "e erofs: cannot find valid erofs superblock".
    private static func kernelMessage(_ context: borrowing OwnedDescriptor?) -> String? {
        switch context {
        case .none: return nil
        case .some(let context):
            guard let bytes = try? context.read(upTo: 512), bytes.count > 2 else { return nil }
            return String(decoding: bytes.dropFirst(2), as: UTF8.self).filter { $0 != "\n" }
        }
    }
}

/// Why something could not be mounted, in the kernel's own words where it gave some.
package struct MountError: Error, Sendable, Hashable, CustomStringConvertible {
    /// "mount /var/lib/thaw/images/x.erofs as erofs".
    package let action: String
    package let errno: Errno
    package let kernelMessage: String?

    package var description: String {
        "cannot \(action): \(errno)\(kernelMessage.map { ": \($0)" } ?? "")\(remedy.map { ". " + $0 } ?? "")"
    }

    private var remedy: String? {
        switch errno {
        case .notPermitted, .permissionDenied: "Run as root."
        case Errno(rawValue: ENODEV): "The kernel lacks this file system: modprobe it, or use a kernel that has it."
        default: nil
        }
    }
}

extension OwnedDescriptor {
    /// mkdirat(2), below this directory.
    package borrowing func makeDirectory(_ path: FilePath, permissions: FilePermissions) throws(Errno) {
        try withRaw { raw throws(Errno) in
            _ = try syscall { path.withPlatformString { mkdirat(raw, $0, mode_t(permissions.rawValue)) } }
            _ = try syscall { path.withPlatformString { fchmodat(raw, $0, mode_t(permissions.rawValue), 0) } }
        }
    }

    /// symlinkat(2), below this directory.
    package borrowing func makeSymlink(saying content: FilePath, at path: FilePath) throws(Errno) {
        try withRaw { raw throws(Errno) in
            _ = try syscall {
                content.withPlatformString { content in path.withPlatformString { symlinkat(content, raw, $0) } }
            }
        }
    }

    /// mknodat(2) of a character device, below this directory.
    package borrowing func makeCharacterDevice(
        _ path: FilePath, major: UInt32, minor: UInt32, permissions: FilePermissions
    ) throws(Errno) {
        try makeDevice(path, S_IFCHR, major, minor, permissions)
    }

    borrowing func makeDevice(
        _ path: FilePath, _ kind: mode_t, _ major: UInt32, _ minor: UInt32, _ permissions: FilePermissions
    ) throws(Errno) {
        // makedev(3), as far as the kernel's numbers go: 12 bits and 20.
        let device = dev_t(major & 0xFFF) << 8 | dev_t(minor & 0xFF) | dev_t(minor & 0xFFF00) << 12
        try withRaw { raw throws(Errno) in
            _ = try syscall {
                path.withPlatformString { mknodat(raw, $0, kind | mode_t(permissions.rawValue), device) }
            }
            _ = try syscall { path.withPlatformString { fchmodat(raw, $0, mode_t(permissions.rawValue), 0) } }
        }
    }
}
