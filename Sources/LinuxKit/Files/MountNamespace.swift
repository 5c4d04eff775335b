internal import CLinux
import Glibc
package import SystemPackage

/// Mount namespaces of single threads. A thread can change its own only if it shares its root and working directory with no other
/// (unshare(2), CLONE_FS), so it is one of our own, and stays that way until it ends.
package enum MountNamespace {
    /// Moves the calling thread into the namespace; `/` is that namespace's root then.
    package static func enter(_ namespace: borrowing OwnedDescriptor) throws(Errno) {
        try syscall { unshare(clinux_CLONE_FS) }
        try namespace.withRaw { raw throws(Errno) in _ = try syscall { setns(raw, clinux_CLONE_NEWNS) } }
    }

    /// Moves the calling thread into a copy of its namespace that shares no later mount with it, and that can be bound to a file
    /// in the one it was copied from.
    package static func enterNew() throws(Errno) -> OwnedDescriptor {
        let original = try identity(of: current())
        try copyCurrent()
        var namespace = try current()
        if let original, let first = try identity(of: namespace), first < original {
            try passBatchOfIdentities()
            try copyCurrent()
            namespace = try current()
        }
        try Mount.mount("none", on: "/", flags: [.private, .recursive])
        return namespace
    }

    private static func current() throws(Errno) -> OwnedDescriptor {
        try OwnedDescriptor.open("/proc/thread-self/ns/mnt", .readOnly)
    }

    private static func copyCurrent() throws(Errno) {
        try syscall { unshare(clinux_CLONE_FS | clinux_CLONE_NEWNS) }
    }

    /// The number by which the kernel judges which of two mount namespaces is the newer (NS_GET_MNTNS_ID of ioctl_nsfs(2)): only
    /// that one can be bound to a file in the other. Nil before Linux 6.11, where the numbers follow the order of creation.
    private static func identity(of namespace: borrowing OwnedDescriptor) throws(Errno) -> UInt64? {
        // _IOR(0xb7, 5, __u64)
        let request: UInt = 0x8008_b705
        var identity: UInt64 = 0
        do {
            try namespace.withRaw { raw throws(Errno) in
                _ = try withUnsafeMutablePointer(to: &identity) { result throws(Errno) in
                    try syscall { ioctl(raw, request, result) }
                }
            }
        } catch .inappropriateIOCTLForDevice {
            return nil
        }
        return identity
    }

    /// Since Linux 6.18 each processor numbers its namespaces, of all types, from batches of 4,096 that it takes from one growing
    /// counter (COOKIE_LOCAL_BATCH of linux/cookie.h), so that a new one may have a lower number than an older one made on
    /// another processor. Uses up this processor's batch, in 10 ms: what the thread makes next is above all that there is.
    private static func passBatchOfIdentities() throws(Errno) {
        try PosixThread.stay()
        for _ in 0..<4_096 { try syscall { unshare(clinux_CLONE_NEWUTS) } }
    }
}
