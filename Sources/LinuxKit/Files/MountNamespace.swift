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

    /// Moves the calling thread into a copy of its namespace that shares no later mount with it.
    package static func enterNew() throws(Errno) -> OwnedDescriptor {
        try syscall { unshare(clinux_CLONE_FS | clinux_CLONE_NEWNS) }
        try Mount.mount("none", on: "/", flags: [.private, .recursive])
        return try OwnedDescriptor.open("/proc/thread-self/ns/mnt", .readOnly)
    }
}
