internal import CLinux
import Glibc
package import SystemPackage

/// A file descriptor with one owner: closed when it leaves scope, moved to hand it over.
///
/// Every descriptor made here is close-on-exec; a child gets only what its ``SpawnPlan`` names.
package struct OwnedDescriptor: ~Copyable, Sendable {
    private let raw: CInt

    /// Owns what `call` returns, a descriptor or -1 with errno set.
    package init(creating call: () -> CInt) throws(Errno) {
        raw = try syscall(call)
    }

    /// Takes over a descriptor that nobody else will close.
    package init(adopting raw: CInt) {
        self.raw = raw
    }

    deinit { _ = close(raw) }

    /// Lends the number for the length of `body`; keep it no longer.
    package borrowing func withRaw<R: ~Copyable, E: Error>(_ body: (CInt) throws(E) -> R) throws(E) -> R {
        try body(raw)
    }

    /// Gives the number up: the caller closes it.
    package consuming func relinquish() -> CInt {
        let descriptor = raw
        discard self
        return descriptor
    }

    /// A second descriptor of the same open file, close-on-exec.
    package borrowing func duplicate() throws(Errno) -> OwnedDescriptor {
        let raw = raw
        return try OwnedDescriptor { fcntl(raw, F_DUPFD_CLOEXEC, 0) }
    }

    /// Puts the descriptor behind a reference, for owners whose number is known only at run time.
    package consuming func shared() -> SharedDescriptor {
        SharedDescriptor(self)
    }

    package borrowing func setNonblocking(_ enabled: Bool = true) throws(Errno) {
        let raw = raw
        let flags = try syscall { fcntl(raw, F_GETFL) }
        try syscall { fcntl(raw, F_SETFL, enabled ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) }
    }
}

/// An ``OwnedDescriptor`` with several holders: closed when the last one lets go.
package final class SharedDescriptor: Sendable {
    package let descriptor: OwnedDescriptor

    package init(_ descriptor: consuming OwnedDescriptor) {
        self.descriptor = descriptor
    }

    package func withRaw<R: ~Copyable, E: Error>(_ body: (CInt) throws(E) -> R) throws(E) -> R {
        try descriptor.withRaw(body)
    }
}

/// Two descriptors that were made together.
///
/// For a pipe `first` reads and `second` writes; the two of a socket pair are alike.
package struct DescriptorPair: ~Copyable, Sendable {
    package var first: OwnedDescriptor
    package var second: OwnedDescriptor

    init(creating call: (UnsafeMutablePointer<CInt>) -> CInt) throws(Errno) {
        var ends: (CInt, CInt) = (-1, -1)
        try shim {
            withUnsafeMutableBytes(of: &ends) { bytes in
                bytes.withMemoryRebound(to: CInt.self) { $0.baseAddress.map(call) ?? -EINVAL }
            }
        }
        first = OwnedDescriptor(adopting: ends.0)
        second = OwnedDescriptor(adopting: ends.1)
    }

    /// Hands both over at once, to callers that keep them apart.
    package consuming func take<R: ~Copyable, E: Error>(
        _ body: (consuming OwnedDescriptor, consuming OwnedDescriptor) throws(E) -> R
    ) throws(E) -> R {
        try body(first, second)
    }
}
