import Glibc
import LinuxKit
import SystemPackage

/// The pages that a clone used when it was thawed and answered for the first time: what every clone of the snapshot will.
struct WorkingSet: Sendable, Equatable {
    /// What one message to a template holds, and no more than a clone should have copied unasked.
    private static let maximumRanges = 4096
    private static let maximumPages = 4096
    /// Mappings beyond this are reservations.
    private static let maximumMapping: UInt64 = 4 << 30
    private static let pageSize: UInt64 = 4096

    /// Ascending, page-aligned: those of files it only read, and those it has written to and so has for itself.
    let ranges: [Range<UInt64>]

    /// Of a process that stands between two invocations. Blocks for some milliseconds.
    init(of pid: CInt) throws(Errno) {
        let mappings = try SmallFile.text(FilePath("/proc/\(pid)/maps"), limit: 16 << 20)
            .split(separator: "\n").compactMap { Mapping($0) }
        let pagemap = try OwnedDescriptor.open(FilePath("/proc/\(pid)/pagemap"), .readOnly)
        var ranges: [Range<UInt64>] = []
        var copied: UInt64 = 0
        for mapping in mappings where mapping.size <= Self.maximumMapping {
            for used in try mapping.usedPages(pagemap) {
                if mapping.isWritable { copied += (used.upperBound - used.lowerBound) / Self.pageSize }
                guard ranges.count < Self.maximumRanges, copied <= UInt64(Self.maximumPages) else {
                    self.ranges = ranges
                    return
                }
                ranges.append(used)
            }
        }
        self.ranges = ranges
    }

    /// A line of proc_pid_maps(5).
    private struct Mapping {
        let start: UInt64
        let size: UInt64
        let isWritable: Bool

        /// Nil for one that is shared, or that nothing can be done for.
        init?(_ line: Substring) {
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count == 3, words[1].hasPrefix("r"), words[1].hasSuffix("p") else { return nil }
            let bounds = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard bounds.count == 2, bounds[0] < bounds[1], bounds[1] < 1 << 47 else { return nil }
            (start, size) = (bounds[0], bounds[1] - bounds[0])
            isWritable = words[1].dropFirst().hasPrefix("w")
        }

        /// By proc_pid_pagemap(5), what is there: of a mapping that can be written to, pages that are no file's and that no
        /// other process has; of any other one, a file's.
        func usedPages(_ pagemap: borrowing OwnedDescriptor) throws(Errno) -> [Range<UInt64>] {
            let (present, ofFile, exclusive): (UInt64, UInt64, UInt64) = (1 << 63, 1 << 61, 1 << 56)
            let mask = isWritable ? present | ofFile | exclusive : present | ofFile
            let wanted = isWritable ? present | exclusive : present | ofFile
            var entries = [UInt64](repeating: 0, count: Int(size / WorkingSet.pageSize))
            let outcome = entries.withUnsafeMutableBytes { buffer in
                Result { () throws(Errno) in
                    try pagemap.read(into: buffer, at: Int64(start / WorkingSet.pageSize) * 8)
                }
            }
            let count = try outcome.get() / 8
            var ranges: [Range<UInt64>] = []
            for index in 0..<count where entries[index] & mask == wanted {
                let page = start + UInt64(index) * WorkingSet.pageSize
                if let last = ranges.last, last.upperBound == page {
                    ranges[ranges.count - 1] = last.lowerBound..<page + WorkingSet.pageSize
                } else {
                    ranges.append(page..<page + WorkingSet.pageSize)
                }
            }
            return ranges
        }
    }
}
