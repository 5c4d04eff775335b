internal import CLinux
import Glibc
package import SystemPackage

extension OwnedDescriptor {
    /// A file in memory with `content`, which nobody can change any more: F_ADD_SEALS of fcntl(2).
    package static func sealedMemory(named name: String, content: [UInt8]) throws(Errno) -> OwnedDescriptor {
        let file = OwnedDescriptor(adopting: try shim { clinux_sealable_memory(name) })
        let outcome = content.withUnsafeBytes { bytes in
            Result { () throws(Errno) in try file.write(bytes, at: 0) }
        }
        try outcome.get()
        try file.withRaw { raw throws(Errno) in _ = try shim { clinux_seal(raw) } }
        return file
    }
}

/// A file mapped for reading.
///
/// The file must not become shorter while this lives: touching what is gone ends the process (SIGBUS).
package final class MappedFile: Sendable {
    // Never changed, and unmapped only when the last holder lets go.
    nonisolated(unsafe) package let bytes: UnsafeRawBufferPointer

    /// - Parameter size: not more than the file has, and not 0.
    package init(_ file: borrowing OwnedDescriptor, size: Int) throws(Errno) {
        guard size > 0 else { throw .invalidArgument }
        let start = try file.withRaw { raw throws(Errno) in
            let start = mmap(nil, size, PROT_READ, MAP_SHARED, raw, 0)
            guard let start, start != MAP_FAILED else { throw Errno(rawValue: errno) }
            return start
        }
        bytes = UnsafeRawBufferPointer(start: start, count: size)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}
