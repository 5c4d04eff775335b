internal import Basics
internal import CLinux
import Glibc
package import SystemPackage

/// Why a network could not be made or changed: what was asked, and the kernel's own words where it gave some.
package struct NetworkError: Error, Sendable, Hashable, CustomStringConvertible {
    /// "set link 2 up", "open /dev/net/tun".
    package let action: String
    package let errno: Errno
    /// NETLINK_EXT_ACK's message.
    package let kernelMessage: String?

    /// What to do about it, where that is known.
    package let remedy: String?

    package init(_ action: String, _ errno: Errno, kernelMessage: String? = nil, remedy: String? = nil) {
        self.action = action
        self.errno = errno
        self.kernelMessage = kernelMessage
        let isForbidden = errno == .notPermitted || errno == .permissionDenied
        self.remedy = remedy ?? (isForbidden ? "run as root; in a container, one with all privileges" : nil)
    }

    package var description: String {
        let said = kernelMessage.map { ": \($0)" } ?? ""
        return "cannot \(action): \(errno)\(said)\(remedy.map { "; \($0)" } ?? "")"
    }
}

/// Network namespaces held by descriptors: nothing is left of one when its last descriptor and process are gone.
package enum NetworkNamespace {
    /// A new, empty one: its loopback is down. Blocks for about 0.5 ms.
    package static func create() throws(NetworkError) -> SharedDescriptor {
        try onOwnThread("make a network namespace") { () throws(Errno) in
            try syscall { unshare(clinux_CLONE_NEWNET) }
            return try OwnedDescriptor.open("/proc/thread-self/ns/net", .readOnly).shared()
        }
    }

    /// The calling thread's.
    package static func current() throws(NetworkError) -> SharedDescriptor {
        return try rethrowing(try OwnedDescriptor.open("/proc/thread-self/ns/net", .readOnly).shared()) {
            NetworkError("open this thread's network namespace", $0)
        }
    }

    /// Runs `body` inside the namespace, on a thread made for it, while the calling thread waits.
    ///
    /// What `body` opens there, sockets and taps, belongs to that namespace for good.
    package static func run<R>(
        in namespace: SharedDescriptor, _ body: () throws(NetworkError) -> R
    ) throws(NetworkError) -> R {
        try onOwnThread("enter a network namespace") { () throws(Errno) -> Result<R, NetworkError> in
            try namespace.withRaw { raw throws(Errno) in _ = try syscall { setns(raw, clinux_CLONE_NEWNET) } }
            return Result { () throws(NetworkError) in try body() }
        }.get()
    }

    /// Moves the calling thread into the namespace (setns(2)), for good. Only for threads of our own.
    package static func enter(_ namespace: SharedDescriptor) throws(NetworkError) {
        try rethrowing(
            try namespace.withRaw { raw throws(Errno) in _ = try syscall { setns(raw, clinux_CLONE_NEWNET) } }
        ) { NetworkError("enter a network namespace", $0) }
    }

    /// Runs `body` with the calling thread in the namespace, and takes the thread back to `home`, where it came from, before anybody
    /// hears of the result: threads that are started then begin where this one is. Only for threads of our own.
    package static func visit<R>(
        _ namespace: SharedDescriptor, from home: SharedDescriptor, _ body: () throws(NetworkError) -> R
    ) throws(NetworkError) -> R {
        try enter(namespace)
        let outcome = Result { () throws(NetworkError) in try body() }
        try enter(home)
        return try outcome.get()
    }

    /// Makes a new namespace and moves the calling thread into it (unshare(2)). Only for threads of our own.
    package static func enterNew() throws(NetworkError) -> SharedDescriptor {
        _ = try rethrowing(try syscall { unshare(clinux_CLONE_NEWNET) }) {
            NetworkError("make a network namespace", $0)
        }
        return try current()
    }

    /// Switches IPv6 off for every interface that will come to the calling thread's namespace. An attribute of each could only keep
    /// addresses away; the kernel would still have a multicast route by every one of them, in a list through which it goes for each
    /// new one.
    package static func switchIPv6Off() throws(NetworkError) {
        do { try SmallFile.set("/proc/sys/net/ipv6/conf/default/disable_ipv6", to: "1") } catch {
            // A kernel without IPv6 has nothing to switch off.
            guard error != .noSuchFileOrDirectory else { return }
            throw NetworkError("switch IPv6 off in a network namespace", error)
        }
    }

    private static func onOwnThread<R>(
        _ action: String, _ work: () throws(Errno) -> R
    ) throws(NetworkError) -> R {
        return try rethrowing(try PosixThread.runAndWait(work).get()) { NetworkError(action, $0) }
    }
}
