internal import CLinux
import Glibc
package import SystemPackage

/// signalfd(2): signals as something to read. Nonblocking.
///
/// Making one blocks its signals on the calling thread, as it must: threads started afterwards inherit that, older ones do
/// not, so make it first.
package struct SignalDescriptor: ~Copyable, Sendable {
    package let descriptor: OwnedDescriptor

    package init(_ signals: Set<CInt>) throws(Errno) {
        var mask: UInt64 = 0
        for signal in signals {
            guard (1...64).contains(signal) else { throw .invalidArgument }
            mask |= 1 << UInt64(signal - 1)
        }
        descriptor = OwnedDescriptor(adopting: try shim { clinux_signal_descriptor(mask) })
    }

    /// The signals that have come, each once however often it was sent; empty when none is pending.
    package borrowing func pending() throws(Errno) -> [CInt] {
        let size = MemoryLayout<signalfd_siginfo>.size
        let bytes: [UInt8]
        do {
            bytes = try descriptor.read(upTo: size * 16)
        } catch .resourceTemporarilyUnavailable {
            return []
        }
        return stride(from: 0, to: bytes.count - size + 1, by: size).map { offset in
            bytes.withUnsafeBytes { CInt(bitPattern: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
        }
    }
}
