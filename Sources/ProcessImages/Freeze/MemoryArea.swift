import Glibc
import LinuxKit
import SystemPackage

/// One mapping of a process, as /proc/PID/smaps shows it.
struct MemoryArea {
    var start: UInt64 = 0
    var end: UInt64 = 0
    var protection: UInt32 = 0
    var isShared = false
    var fileOffset: UInt64 = 0
    /// 0: no file.
    var inode: UInt64 = 0
    var name = ""
    var properties: Properties = []
    /// Codes of VmFlags that are none of ``Properties`` and not known to be harmless.
    var unknownProperties: [String] = []
    var protectionKey: UInt64 = 0
    /// Memory in it that is no file's, in KiB; what is swapped out too.
    var ownKilobytes: UInt64 = 0

    var range: Range<UInt64> { start..<end }
    /// As /proc/PID/map_files names it.
    var hexRange: String { "\(String(start, radix: 16))-\(String(end, radix: 16))" }
    var isWritable: Bool { protection & UInt32(PROT_WRITE) != 0 }
    var isInScratch: Bool { name.hasPrefix(ScratchTree.place + "/") }
    /// Shared memory that only who maps it, or has it open, can reach: anonymous memory, and memfd_create(2)'s.
    var isShareableMemory: Bool {
        name.hasPrefix(DescriptorCapture.memory) || name.hasPrefix("/dev/zero") || name.hasPrefix("[anon_shmem:")
    }

    /// VmFlags of proc(5), those that matter.
    struct Properties: OptionSet {
        let rawValue: UInt32

        static let growsDown = Properties(rawValue: 1 << 0)
        static let noReserve = Properties(rawValue: 1 << 1)
        static let notForked = Properties(rawValue: 1 << 2)
        static let wipedOnFork = Properties(rawValue: 1 << 3)
        static let hugePages = Properties(rawValue: 1 << 4)
        static let noHugePages = Properties(rawValue: 1 << 5)
        static let notDumped = Properties(rawValue: 1 << 6)
        static let mayWrite = Properties(rawValue: 1 << 7)
        static let locked = Properties(rawValue: 1 << 8)
        static let device = Properties(rawValue: 1 << 9)
        static let hugeTLB = Properties(rawValue: 1 << 10)
        static let userFaults = Properties(rawValue: 1 << 11)
        static let shadowStack = Properties(rawValue: 1 << 12)
        static let sealed = Properties(rawValue: 1 << 13)
        /// May be emptied by the kernel at any time, so it can come back empty.
        static let droppable = Properties(rawValue: 1 << 14)
        static let readAtRandom = Properties(rawValue: 1 << 15)
        static let readInOrder = Properties(rawValue: 1 << 16)
        static let mergeable = Properties(rawValue: 1 << 17)
    }
}

extension MemoryArea {
    private static let codes: [String: Properties] = [
        "gd": .growsDown, "nr": .noReserve, "dc": .notForked, "wf": .wipedOnFork, "hg": .hugePages,
        "nh": .noHugePages, "dd": .notDumped, "mw": .mayWrite, "lo": .locked, "io": .device, "pf": .device,
        "ht": .hugeTLB, "um": .userFaults, "uw": .userFaults, "ui": .userFaults, "ss": .shadowStack, "sl": .sealed,
        "dp": .droppable, "lf": .locked, "rr": .readAtRandom, "sr": .readInOrder, "mg": .mergeable,
        // Seen in the protection, looked for page by page ("gu", guard pages), or of no consequence: accounting, expansion,
        // what the kernel does with a file system's.
        "rd": [], "wr": [], "ex": [], "sh": [], "mr": [], "me": [], "ms": [], "de": [], "ac": [],
        "sd": [], "mm": [], "sf": [], "gu": [],
    ]

    /// All mappings of a process, ascending.
    static func all(of pid: CInt) throws(Errno) -> [MemoryArea] {
        // 1 KiB each, and at most 64 Ki by default.
        parse(try ProcText(of: "/proc/\(pid)/smaps", limit: 256 << 20))
    }

    static func parse(_ smaps: ProcText) -> [MemoryArea] {
        var areas: [MemoryArea] = []
        areas.reserveCapacity(smaps.bytes.count / 700)
        var area = MemoryArea()
        smaps.forEachLine { line in
            guard let first = line.first else { return }
            switch first {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"):
                if area.end != 0 { areas.append(area) }
                area = ProcessMapping(line).map(MemoryArea.init) ?? MemoryArea()
            case UInt8(ascii: "V"): area.take(properties: line)
            case UInt8(ascii: "P"): area.protectionKey += Self.number("ProtectionKey:", in: line)
            case UInt8(ascii: "A"): area.ownKilobytes += Self.number("Anonymous:", in: line)
            case UInt8(ascii: "S"): area.ownKilobytes += Self.number("Swap:", in: line)
            default: break
            }
        }
        if area.end != 0 { areas.append(area) }
        return areas
    }

    private init(_ mapping: ProcessMapping) {
        start = mapping.range.lowerBound
        end = mapping.range.upperBound
        protection = mapping.protection
        isShared = mapping.isShared
        fileOffset = mapping.fileOffset
        inode = mapping.inode
        name = mapping.name
    }

    /// What follows `key`; 0 on a line of another.
    private static func number(_ key: StaticString, in line: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let bytes = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
        guard line.starts(with: bytes) else { return 0 }
        var scanner = LineScanner(line, at: bytes.count)
        scanner.skipBlanks()
        return scanner.number()
    }

    private mutating func take(properties line: UnsafeBufferPointer<UInt8>) {
        guard line.starts(with: "VmFlags:".utf8) else { return }
        var scanner = LineScanner(line, at: 8)
        while true {
            let word = scanner.word()
            if word.isEmpty { return }
            let code = String(decoding: word, as: UTF8.self)
            if let known = Self.codes[code] { properties.formUnion(known) } else { unknownProperties.append(code) }
        }
    }
}
