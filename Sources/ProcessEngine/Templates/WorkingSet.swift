import Glibc
import LinuxKit
import SystemPackage

/// The pages that a clone used when it was thawed and answered for the first time: what every clone of the snapshot will.
package struct WorkingSet: Sendable, Equatable {
    /// What one message to a template holds, and no more than a clone should have copied unasked.
    private static let maximumRanges = 4096
    private static let maximumPages = 4096
    /// Mappings beyond this are reservations.
    private static let maximumMapping: UInt64 = 4 << 30

    /// Ascending, page-aligned: those of files it only read, and those it has written to and so has for itself.
    package let ranges: [Range<UInt64>]

    /// Of a process that stands between two invocations. Blocks for some milliseconds.
    package init(of pid: CInt) throws(Errno) {
        let mappings = try ProcessMapping.all(of: pid).compactMap { Mapping($0) }
        let table = try PageTable(of: pid)
        var ranges: [Range<UInt64>] = []
        var copied: UInt64 = 0
        for mapping in mappings where mapping.size <= Self.maximumMapping {
            for used in try mapping.usedPages(table) {
                if mapping.isWritable { copied += (used.upperBound - used.lowerBound) / PageTable.pageSize }
                guard ranges.count < Self.maximumRanges, copied <= UInt64(Self.maximumPages) else {
                    self.ranges = ranges
                    return
                }
                ranges.append(used)
            }
        }
        self.ranges = ranges
    }

    private struct Mapping {
        let start: UInt64
        let size: UInt64
        let isWritable: Bool

        /// Nil for one that is shared, or that nothing can be done for.
        init?(_ mapping: ProcessMapping) {
            guard mapping.isReadable, !mapping.isShared, mapping.range.upperBound < 1 << 47 else { return nil }
            start = mapping.range.lowerBound
            size = mapping.range.upperBound - start
            isWritable = mapping.isWritable
        }

        /// What is there: of a mapping that can be written to, pages that are no file's and that no other process has; of any
        /// other one, a file's.
        func usedPages(_ table: PageTable) throws(Errno) -> [Range<UInt64>] {
            var ranges: [Range<UInt64>] = []
            try table.forEachEntry(start, start + size) { page, entry in
                let isUsed = isWritable ? !entry.isOfFile && entry.isExclusive : entry.isOfFile
                guard entry.isPresent, isUsed else { return }
                if let last = ranges.last, last.upperBound == page {
                    ranges[ranges.count - 1] = last.lowerBound..<page + PageTable.pageSize
                } else {
                    ranges.append(page..<page + PageTable.pageSize)
                }
            }
            return ranges
        }
    }
}
