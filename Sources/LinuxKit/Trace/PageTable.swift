internal import CLinux
import Glibc
package import SystemPackage

/// /proc/PID/pagemap: what a process has at each of its addresses.
package struct PageTable: Sendable {
    package static let pageSize: UInt64 = 4096

    /// A word of it, see proc_pid_pagemap(5).
    package struct Entry: Sendable {
        fileprivate let bits: UInt64

        package var isPresent: Bool { has(63) }
        package var isSwapped: Bool { has(62) }
        /// A page of a file, or of memory that processes share.
        package var isOfFile: Bool { has(61) }
        /// MADV_GUARD_INSTALL; told since Linux 6.15.
        package var isGuard: Bool { has(58) }
        /// No other process has the page.
        package var isExclusive: Bool { has(56) }
        /// Where the page is in the machine's memory; 0 for readers without CAP_SYS_ADMIN.
        fileprivate var frame: UInt64 { bits & (1 << 55 - 1) }

        private func has(_ bit: UInt64) -> Bool { bits >> bit & 1 != 0 }
    }

    private let file: SharedDescriptor

    package init(of pid: CInt) throws(Errno) {
        file = try OwnedDescriptor.open(FilePath("/proc/\(pid)/pagemap"), .readOnly).shared()
    }

    /// Calls `body` with the address of each page of `start..<end`, and what is there.
    package func forEachEntry(
        _ start: UInt64, _ end: UInt64, _ body: (UInt64, Entry) -> Void
    ) throws(Errno) {
        var words = [UInt64](repeating: 0, count: Int(min((end - start) / Self.pageSize, 1 << 15)))
        var address = start
        while address < end {
            let wanted = Int(min((end - address) / Self.pageSize, UInt64(words.count)))
            let outcome = words.withUnsafeMutableBytes { bytes in
                Result { () throws(Errno) in
                    let buffer = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(wanted * 8)])
                    return try file.descriptor.read(into: buffer, at: Int64(address / Self.pageSize) * 8) / 8
                }
            }
            // Shorter at the end of what a process may map.
            let count = try outcome.get()
            for index in 0..<count { body(address + UInt64(index) * Self.pageSize, Entry(bits: words[index])) }
            guard count == wanted else { return }
            address += UInt64(count) * Self.pageSize
        }
    }
}

/// How a process's own pages are found. The answers differ in nothing that counts, see ``PageTable/pages(_:_:privateOnly:by:_:)``.
package enum PageSearch: String, Sendable, CaseIterable {
    /// PAGEMAP_SCAN, Linux 6.7: the kernel passes over what is not asked for.
    case scan
    /// Word by word, Linux 4.2: 8 bytes are read for every page that the range has room for.
    case table

    /// The better one of those that this kernel has.
    package static let host: PageSearch = {
        do {
            let table = try PageTable(of: getpid())
            let page = PageTable.pageSize
            try table.pages(page, 2 * page, privateOnly: false, by: .scan) { _ in }
            return .scan
        } catch {
            return .table
        }
    }()
}

/// Neighbouring pages of another process.
package struct PageRegion: Sendable, Equatable {
    package fileprivate(set) var start: UInt64
    package fileprivate(set) var end: UInt64
    /// MADV_GUARD_INSTALL: touching them is a fault.
    package let isGuard: Bool
}

extension PageTable {
    /// What of `start..<end` is in memory or swapped out, in ascending order, without the kernel's page of zeros and, if
    /// `privateOnly`, without pages that are as in the mapped file.
    ///
    /// There may be more in what is found by ``PageSearch/table``, but not less: huge pages of zeros, and before Linux 6.11 huge
    /// pages of a file.
    package func pages(
        _ start: UInt64, _ end: UInt64, privateOnly: Bool, by search: PageSearch, _ body: (PageRegion) -> Void
    ) throws(Errno) {
        switch search {
        case .scan: try scan(start, end, privateOnly: privateOnly, body)
        case .table: try walk(start, end, privateOnly: privateOnly, body)
        }
    }

    private func scan(
        _ start: UInt64, _ end: UInt64, privateOnly: Bool, _ body: (PageRegion) -> Void
    ) throws(Errno) {
        let without = UInt64(CLINUX_PAGE_ZERO.rawValue | (privateOnly ? CLINUX_PAGE_FILE.rawValue : 0))
        try file.withRaw { raw throws(Errno) in
            let outcome = withUnsafeTemporaryAllocation(of: clinux_page_region.self, capacity: 1024) { regions in
                Result { () throws(Errno) in
                    var position = start
                    while position < end {
                        var reached = position
                        let count = try shim {
                            clinux_pagemap_scan(
                                raw, position, end, without, regions.baseAddress, regions.count, &reached)
                        }
                        for region in regions.prefix(Int(count)) {
                            let isGuard = region.categories & UInt64(CLINUX_PAGE_GUARD.rawValue) != 0
                            body(PageRegion(start: region.start, end: region.end, isGuard: isGuard))
                        }
                        guard reached > position else { return }
                        position = reached
                    }
                }
            }
            try outcome.get()
        }
    }

    private func walk(
        _ start: UInt64, _ end: UInt64, privateOnly: Bool, _ body: (PageRegion) -> Void
    ) throws(Errno) {
        let zeros = Self.frameOfZeros
        var region: PageRegion?
        try forEachEntry(start, end) { address, entry in
            guard entry.isPresent || entry.isSwapped, !(privateOnly && entry.isOfFile),
                !(entry.isPresent && entry.frame == zeros && zeros != 0)
            else { return }
            if region?.end == address, region?.isGuard == entry.isGuard {
                region?.end = address + Self.pageSize
            } else {
                if let region { body(region) }
                region = PageRegion(start: address, end: address + Self.pageSize, isGuard: entry.isGuard)
            }
        }
        if let region { body(region) }
    }

    /// The page that stands wherever memory was read before it was written; 0 when the kernel does not say.
    private static let frameOfZeros: UInt64 = {
        let size = Int(pageSize)
        guard let memory = mmap(nil, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), memory != MAP_FAILED else {
            return 0
        }
        defer { munmap(memory, size) }
        // A huge page of zeros would be another one. A kernel without huge pages refuses.
        madvise(memory, size, CInt(MADV_NOHUGEPAGE))
        guard memory.load(as: UInt8.self) == 0, let table = try? PageTable(of: getpid()) else { return 0 }
        let address = UInt64(UInt(bitPattern: memory))
        var frame: UInt64 = 0
        try? table.forEachEntry(address, address + pageSize) { frame = $1.isPresent ? $1.frame : 0 }
        return frame
    }()
}
