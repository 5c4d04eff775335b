import Glibc
import LinuxKit
import SystemPackage

/// Brings a process's file-backed pages into its page tables before it is frozen.
///
/// A runtime that has not yet run its way to an invocation finds many of its libraries' pages missing on that way: each costs
/// a page fault and a disk read in every clone. Reading one byte of each through /proc/PID/mem faults them in once, in the
/// template; the process itself does not run and nothing in it changes.
enum PageWarming {
    private static let pageLength: UInt64 = 4096
    /// Beyond this much the cost in snapshot size outweighs the gain.
    private static let limit: UInt64 = 192 << 20

    static func warm(_ pid: CInt) {
        guard let mappings = try? ProcessMapping.all(of: pid),
            let memory = try? OwnedDescriptor.open(FilePath("/proc/\(pid)/mem"), .readOnly)
        else { return }
        var left = limit
        for mapping in mappings where mapping.inode != 0 && mapping.isReadable {
            let length = mapping.range.upperBound - mapping.range.lowerBound
            guard length <= left else { continue }
            left -= length
            touch(mapping.range, of: memory)
        }
    }

    private static func touch(_ range: Range<UInt64>, of memory: borrowing OwnedDescriptor) {
        memory.withRaw { raw in
            var byte: UInt8 = 0
            for address in stride(from: range.lowerBound, to: range.upperBound, by: Int(pageLength)) {
                // A page beyond the end of its file cannot be read; nor will the process.
                _ = pread(raw, &byte, 1, off_t(bitPattern: UInt(address)))
            }
        }
    }
}
