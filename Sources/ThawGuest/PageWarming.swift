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
        guard let maps = try? SmallFile.bytes(FilePath("/proc/\(pid)/maps")),
            let memory = try? OwnedDescriptor.open(FilePath("/proc/\(pid)/mem"), .readOnly)
        else { return }
        var left = limit
        for line in maps.split(separator: UInt8(ascii: "\n")) {
            guard let mapping = Mapping(line), mapping.isFileBacked, mapping.isReadable else { continue }
            let length = mapping.end - mapping.start
            guard length <= left else { continue }
            left -= length
            touch(mapping, of: memory)
        }
    }

    private static func touch(_ mapping: Mapping, of memory: borrowing OwnedDescriptor) {
        memory.withRaw { raw in
            var byte: UInt8 = 0
            for address in stride(from: mapping.start, to: mapping.end, by: Int(pageLength)) {
                // A page beyond the end of its file cannot be read; nor will the process.
                _ = pread(raw, &byte, 1, off_t(bitPattern: UInt(address)))
            }
        }
    }

    /// One line of /proc/PID/maps of proc(5): `start-end perms offset dev inode path`.
    struct Mapping {
        let start: UInt64
        let end: UInt64
        let isReadable: Bool
        let isFileBacked: Bool

        init?(_ line: ArraySlice<UInt8>) {
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count >= 5 else { return nil }
            let range = fields[0].split(separator: UInt8(ascii: "-"))
            guard range.count == 2, let start = Self.hexadecimal(range[0]), let end = Self.hexadecimal(range[1]),
                start < end
            else { return nil }
            self.start = start
            self.end = end
            isReadable = fields[1].first == UInt8(ascii: "r")
            isFileBacked = fields[4] != [UInt8(ascii: "0")]
        }

        private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
            UInt64(String(decoding: digits, as: UTF8.self), radix: 16)
        }
    }
}
