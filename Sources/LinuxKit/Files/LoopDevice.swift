internal import Basics
internal import CLinux
import Glibc
package import SystemPackage

/// A device of loop(4) over a file, read-only. The kernel frees it when this and every mount of it are gone, however that comes
/// about.
package struct LoopDevice: Sendable {
    /// For as long as this is held.
    package let path: FilePath
    private let descriptor: SharedDescriptor

    private static let controlNode: (major: UInt32, minor: UInt32) = (10, 237)
    private static let major: UInt32 = 7
    private static let attempts = 64

    package init(over file: borrowing OwnedDescriptor) throws(Errno) {
        let control = try Self.openControl()
        let backing = file.withRaw { $0 }
        for _ in 0..<Self.attempts {
            let number = try control.withRaw { raw throws(Errno) in try shim { clinux_loop_find(raw) } }
            let (device, path) = try Self.open(number)
            do {
                _ = try device.withRaw { raw throws(Errno) in try shim { clinux_loop_attach(raw, backing) } }
            } catch .resourceBusy {
                continue  // somebody else has taken it meanwhile; there is another one
            }
            self.path = path
            descriptor = device
            return
        }
        throw .resourceBusy
    }

    /// Opening it loads the kernel's module, also by a node that nobody has made before.
    private static func openControl() throws(Errno) -> OwnedDescriptor {
        do {
            return try OwnedDescriptor.open("/dev/loop-control", .readWrite)
        } catch .noSuchFileOrDirectory {
            return try open(node: S_IFCHR, controlNode.major, controlNode.minor, .readWrite)
        }
    }

    /// /dev of a container has the devices that there were when it started, and gets no more: those are reached by a node of our own.
    private static func open(_ number: CInt) throws(Errno) -> (SharedDescriptor, FilePath) {
        let path = FilePath("/dev/loop\(number)")
        do {
            return (try OwnedDescriptor.open(path, .readOnly).shared(), path)
        } catch .noSuchFileOrDirectory {
            let device = try open(node: S_IFBLK, major, UInt32(number), .readOnly).shared()
            let descriptor = device.withRaw { $0 }
            return (device, FilePath("/proc/self/fd/\(descriptor)"))
        }
    }

    /// In a file system that nobody sees, and that is gone with the last descriptor of what is in it.
    private static func open(
        node kind: mode_t, _ major: UInt32, _ minor: UInt32, _ mode: FileDescriptor.AccessMode
    ) throws(Errno) -> OwnedDescriptor {
        let place = try rethrowing(try DetachedMount.make("tmpfs", options: ["mode": "0700", "size": "64k"])) {
            (error: MountError) in error.errno
        }
        let directory = place.descriptor
        try directory.descriptor.makeDevice("node", kind, major, minor, [.ownerReadWrite])
        return try directory.descriptor.open(at: "node", mode)
    }
}
