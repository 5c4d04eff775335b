import CProcessImage
import Glibc
import LinuxKit
import Synchronization
import SystemPackage

/// Copies the memory of a stopped process into a file.
///
/// Every page found in memory has its place in the file before anything is read, so that two threads can copy without
/// asking each other; pages that turn out to be zero, or as in the base, stay holes.
struct MemoryCapture {
    private let process: ProcessAccess
    private let base: BaseMemory?
    private var pieces: [Piece] = []
    private(set) var guardPages: [UInt64] = []
    /// The first page of the file that is this process's, and the one past its last.
    private let firstPage: Int
    private(set) var pageCount: Int

    static let pageSize = 4096
    /// What fits into the cache beside its copy: 256 KiB.
    private static let pagesPerPiece = 64

    /// Pages side by side that are copied in one go.
    private struct Piece {
        let start: UInt64
        let pages: Int
        /// Where in the file the first goes, in pages.
        let place: Int
        let mapping: Int
        let content: CapturedMapping.Content
    }

    /// What becomes of a page.
    private enum Fate {
        static let zero: UInt8 = 0
        static let written: UInt8 = 1
        static let asInBase: UInt8 = 2
    }

    /// - Parameter firstPage: the place in the file, in pages, from which on it is written.
    init(
        _ mappings: [CapturedMapping], of process: ProcessAccess, base: BaseMemory?, by search: PageSearch,
        from firstPage: Int = 0
    ) throws(Errno) {
        self.firstPage = firstPage
        pageCount = firstPage
        self.process = process
        self.base = base
        for (index, mapping) in mappings.enumerated() {
            switch mapping.content {
            case .none: break
            case .copy: add(mapping.area.start, mapping.area.end, of: index, .copy)
            case .anonymous, .file:
                // Where that takes time for each address, and not for each page that is there.
                if search == .table, mapping.area.ownKilobytes == 0 { break }
                var regions: [PageRegion] = []
                let isFile = if case .file = mapping.content { true } else { false }
                try process.pageTable.pages(
                    mapping.area.start, mapping.area.end, privateOnly: isFile, by: search
                ) { regions.append($0) }
                for region in regions {
                    if region.isGuard {
                        guardPages.append(region.start)
                    } else {
                        add(region.start, region.end, of: index, mapping.content)
                    }
                }
            }
        }
    }

    private mutating func add(_ start: UInt64, _ end: UInt64, of mapping: Int, _ content: CapturedMapping.Content) {
        var position = start
        while position < end {
            let pages = min(Int(end - position) / Self.pageSize, Self.pagesPerPiece)
            pieces.append(
                Piece(start: position, pages: pages, place: pageCount, mapping: mapping, content: content))
            pageCount += pages
            position += UInt64(pages * Self.pageSize)
        }
    }

    /// Bytes that the file has in the end, holes included.
    private var fileSize: Int64 { Int64(pageCount * Self.pageSize) }
    /// What is looked through: at least as much as has content.
    var byteCount: Int { (pageCount - firstPage) * Self.pageSize }

    /// Reads, compares and writes everything; the runs of all mappings in their order.
    func copy(into file: borrowing OwnedDescriptor) throws(Errno) -> CopiedMemory {
        var fates = [UInt8](repeating: Fate.zero, count: pageCount - firstPage)
        let failure = Mutex<Errno?>(nil)
        let next = Atomic<Int>(0)
        try file.setSize(fileSize)
        file.withRaw { raw in
            fates.withUnsafeMutableBufferPointer { fates in
                // Each page's fate is written by the thread that took its piece, and read when all are done.
                nonisolated(unsafe) let fates = fates
                PosixThread.runTogether(pieces.count < 64 ? 1 : 2) { _ in
                    let buffer = UnsafeMutableRawBufferPointer.allocate(
                        byteCount: Self.pagesPerPiece * Self.pageSize, alignment: Self.pageSize)
                    defer { buffer.deallocate() }
                    while true {
                        let index = next.add(1, ordering: .relaxed).oldValue
                        guard index < pieces.count, failure.withLock({ $0 == nil }) else { return }
                        do throws(Errno) {
                            try copy(pieces[index], through: buffer, into: raw, fates)
                        } catch {
                            failure.withLock { $0 = error }
                        }
                    }
                }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
        return runs(fates)
    }

    private func copy(
        _ piece: Piece, through buffer: UnsafeMutableRawBufferPointer, into file: CInt,
        _ fates: UnsafeMutableBufferPointer<UInt8>
    ) throws(Errno) {
        let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(piece.pages * Self.pageSize)])
        try read(piece, into: bytes)
        guard let start = UnsafeRawPointer(bytes.baseAddress) else { return }
        var cursor = base?.cursor(at: piece.start)
        for page in 0..<piece.pages {
            let content = start + page * Self.pageSize
            let fate: UInt8 =
                if piece.content.canBeZero, Self.isZero(content) {
                    Fate.zero
                } else if let same = cursor?.page(at: piece.start + UInt64(page * Self.pageSize)),
                    memcmp(same, content, Self.pageSize) == 0
                {
                    Fate.asInBase
                } else {
                    Fate.written
                }
            fates[piece.place - firstPage + page] = fate
        }
        try write(piece, from: start, into: file, fates)
    }

    private func read(_ piece: Piece, into bytes: UnsafeMutableRawBufferPointer) throws(Errno) {
        do {
            if try process.read(into: bytes, at: piece.start) == bytes.count { return }
        } catch {
            guard case .copy = piece.content else { throw error }
        }
        guard case .copy = piece.content else { throw .badAddress }
        // A mapping may go beyond the end of its file; there nothing can be read, and never could.
        for page in 0..<piece.pages {
            let part = UnsafeMutableRawBufferPointer(
                rebasing: bytes[(page * Self.pageSize)..<((page + 1) * Self.pageSize)])
            let address = piece.start + UInt64(page * Self.pageSize)
            if (try? process.read(into: part, at: address)) != part.count {
                part.initializeMemory(as: UInt8.self, repeating: 0)
            }
        }
    }

    private func write(
        _ piece: Piece, from start: UnsafeRawPointer, into file: CInt, _ fates: UnsafeMutableBufferPointer<UInt8>
    ) throws(Errno) {
        var page = 0
        while page < piece.pages {
            guard fates[piece.place - firstPage + page] == Fate.written else {
                page += 1
                continue
            }
            var end = page + 1
            while end < piece.pages, fates[piece.place - firstPage + end] == Fate.written { end += 1 }
            var done = page * Self.pageSize
            while done < end * Self.pageSize {
                done += try syscall {
                    pwrite(
                        file, start + done, end * Self.pageSize - done, off_t(piece.place * Self.pageSize + done))
                }
            }
            page = end
        }
    }

    private static func isZero(_ page: UnsafeRawPointer) -> Bool {
        page.load(as: UInt64.self) == 0 && memcmp(page, page + 8, pageSize - 8) == 0
    }

    /// Neighbouring pages of one fate become one run.
    private func runs(_ fates: [UInt8]) -> CopiedMemory {
        var copied = CopiedMemory()
        for piece in pieces {
            var cursor = base?.cursor(at: piece.start)
            var page = 0
            while page < piece.pages {
                let address = piece.start + UInt64(page * Self.pageSize)
                let fate = fates[piece.place - firstPage + page]
                var end = page + 1
                if fate == Fate.asInBase {
                    // One by one: what lies side by side in memory need not in the base.
                    if let offset = cursor?.offset(at: address) {
                        copied.add(address, pages: 1, at: offset, THAW_RUN_BASE, of: piece.mapping)
                    }
                } else {
                    while end < piece.pages, fates[piece.place - firstPage + end] == fate { end += 1 }
                    if fate == Fate.written {
                        let offset = UInt64((piece.place + page) * Self.pageSize)
                        copied.add(address, pages: end - page, at: offset, THAW_RUN_MEMORY, of: piece.mapping)
                    }
                }
                page = end
            }
        }
        return copied
    }
}

extension CapturedMapping.Content {
    /// Whether a page that is not mentioned comes back as zeros.
    fileprivate var canBeZero: Bool {
        switch self {
        case .anonymous, .copy: true
        case .file, .none: false
        }
    }
}

/// The runs of all mappings, in their order.
struct CopiedMemory {
    private(set) var runs: [thaw_run] = []
    /// By index of the mapping; a mapping without runs has none.
    private(set) var runsOfMapping: [Int: Range<Int>] = [:]
    private(set) var writtenBytes: UInt64 = 0
    private(set) var sharedBytes: UInt64 = 0

    mutating func add(
        _ address: UInt64, pages: Int, at offset: UInt64, _ source: thaw_run_source, of mapping: Int
    ) {
        let size = UInt64(pages * MemoryCapture.pageSize)
        if source == THAW_RUN_BASE { sharedBytes += size } else { writtenBytes += size }
        let known = runsOfMapping[mapping] ?? runs.count..<runs.count
        if !known.isEmpty, let last = runs.last, last.end == address, last.source == UInt64(source.rawValue),
            last.offset + (last.end - last.start) == offset
        {
            runs[runs.count - 1].end = address + size
            return
        }
        runs.append(
            thaw_run(start: address, end: address + size, offset: offset, source: UInt64(source.rawValue)))
        runsOfMapping[mapping] = known.lowerBound..<runs.count
    }
}
