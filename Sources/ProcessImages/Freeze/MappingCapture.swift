import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// A mapping that a clone gets, and where its content is taken from.
struct CapturedMapping {
    enum Content {
        /// Pages that are not zero.
        case anonymous
        /// Pages that were changed; the rest is as in the file.
        case file
        /// The file is out of a clone's reach: every page, as anonymous memory.
        case copy
        /// As in the file, or comes back empty.
        case none
    }

    let area: MemoryArea
    let content: Content
    /// Nil: anonymous.
    let path: String?
    /// `enum thaw_mapping_flags`.
    let flags: UInt32
    /// 1 + index of a file without a name; 0: of none.
    var object: UInt64 = 0
}

/// Where the vdso and its data lie.
struct VirtualDSO {
    var dataStart: UInt64
    var codeStart: UInt64
    var end: UInt64
}

/// Decides about each mapping of a process what becomes of it in a clone.
struct MappingCapture {
    private(set) var mappings: [CapturedMapping] = []
    private(set) var vdso: VirtualDSO?
    let window: UInt64
    private let process: ProcessAccess
    private let windowRange: Range<UInt64>
    private let origin: ProcessImage?
    /// Whether each clone has what is in /tmp for itself from the start.
    private let ownsScratch: Bool
    /// Whether the name of a mapped file still leads to it, by name.
    private var reachable: [String: Bool] = [:]

    init(
        _ areas: [MemoryArea], of process: ProcessAccess, window: UInt64, origin: ProcessImage?, ownsScratch: Bool,
        into refusals: inout Refusals
    ) {
        self.process = process
        self.ownsScratch = ownsScratch
        self.origin = origin
        self.window = window
        windowRange = window..<window + THAW_WINDOW_SIZE
        mappings.reserveCapacity(areas.count)
        for area in areas { take(area, into: &refusals) }
        if Self.hasMemoryPolicy(process.pid) {
            refusals.add(
                "the runtime places memory by a policy of its own (mbind, set_mempolicy)",
                "leave the choice of memory nodes to the host")
        }
        if vdso == nil { refusals.add("the runtime has no vdso", "do not boot the host with vdso=0") }
    }

    private mutating func take(_ area: MemoryArea, into refusals: inout Refusals) {
        if origin != nil, area.range.overlaps(windowRange) {
            if !isOfRestorer(area) {
                refuse(area, "lies where clones keep what they are restored with", into: &refusals)
            }
            return
        }
        switch area.name {
        case "[vdso]":
            vdso = VirtualDSO(dataStart: vdso?.dataStart ?? area.start, codeStart: area.start, end: area.end)
        case "[vvar]", "[vvar_vclock]":
            vdso = VirtualDSO(dataStart: vdso?.dataStart ?? area.start, codeStart: 0, end: area.end)
        case "[vsyscall]": break
        default:
            if refuseProperties(of: area, into: &refusals) { return }
            if area.isShared { takeShared(area, into: &refusals) } else { takePrivate(area, into: &refusals) }
        }
    }

    /// The parts of the window a clone has something in: the restorer, the image's state, the stacks.
    private func isOfRestorer(_ area: MemoryArea) -> Bool {
        guard let origin, area.start >= window, area.end <= windowRange.upperBound else { return false }
        let offset = area.start - window
        let parts = [
            0..<UInt64(1 << 20),
            THAW_WINDOW_STATE..<THAW_WINDOW_STATE + UInt64(origin.stateSize),
            THAW_WINDOW_STACKS..<THAW_WINDOW_STACKS + UInt64(origin.stackCount) * THAW_RESTORE_STACK,
        ]
        return parts.contains { $0.contains(offset) }
    }

    private mutating func takePrivate(_ area: MemoryArea, into refusals: inout Refusals) {
        // Private memory that comes from /dev/zero is like any other; names in brackets are the kernel's.
        guard area.inode != 0, area.name != "/dev/zero" else { return keep(area, .anonymous) }
        guard area.name.hasPrefix("/") else { return refuse(area, "is no memory", into: &refusals) }
        guard !area.name.hasPrefix("/dev/") else { return refuse(area, "is of a device", into: &refusals) }
        if isReachable(area) { keep(area, .file, path: area.name) } else { keep(area, .copy) }
    }

    private mutating func takeShared(_ area: MemoryArea, into refusals: inout Refusals) {
        let mayWrite = area.isWritable || area.properties.contains(.mayWrite)
        switch area.name {
        case _ where area.isInScratch && (mayWrite || ownsScratch):
            keepOwn(area, path: isReachable(area) ? area.name : nil)
        case _ where area.isShareableMemory: keepOwn(area, path: nil)
        case _ where mayWrite || !area.name.hasPrefix("/"):
            refuse(area, Self.sharing(area.name), remedy: Self.remedy(sharing: area.name), into: &refusals)
        default:
            if isReachable(area) { keep(area, .none, path: area.name) } else { keep(area, .copy) }
        }
    }

    /// What each clone maps for itself.
    private mutating func keepOwn(_ area: MemoryArea, path: String?) {
        var flags = Self.flags(of: area.properties) & Self.lastingFlags
        flags |= THAW_MAPPING_SHARED.rawValue | THAW_MAPPING_OWN.rawValue
        if area.isWritable || area.properties.contains(.mayWrite) { flags |= THAW_MAPPING_MAY_WRITE.rawValue }
        mappings.append(CapturedMapping(area: area, content: .none, path: path, flags: flags))
    }

    private static let lastingFlags =
        THAW_MAPPING_NO_RESERVE.rawValue | THAW_MAPPING_DONT_FORK.rawValue | THAW_MAPPING_DONT_DUMP.rawValue
        | THAW_MAPPING_RANDOM.rawValue | THAW_MAPPING_SEQUENTIAL.rawValue

    /// Finds the files without a name that are mapped, once it is known which of them are open.
    mutating func takeObjects(
        _ files: inout FileCapture, _ table: inout ByteTable, into refusals: inout Refusals
    ) {
        for index in mappings.indices {
            let mapping = mappings[index]
            guard mapping.flags & THAW_MAPPING_OWN.rawValue != 0, mapping.path == nil else { continue }
            let area = mapping.area
            let kind = area.isInScratch ? THAW_OBJECT_FILE : THAW_OBJECT_MEMORY
            do throws(FileCapture.Finding) {
                mappings[index].object =
                    1
                    + (try files.object(
                        at: FilePath("/proc/\(process.pid)/map_files/\(area.hexRange)"), kind,
                        named: DescriptorCapture.memoryName(area.name), &table))
            } catch {
                refuse(
                    area, "\(Self.sharing(area.name)), \(error.text)", remedy: Self.remedy(sharing: area.name),
                    into: &refusals)
            }
        }
    }

    private mutating func keep(_ area: MemoryArea, _ content: CapturedMapping.Content, path: String? = nil) {
        let isEmpty = !area.properties.isDisjoint(with: [.wipedOnFork, .droppable])
        var flags = Self.flags(of: area.properties)
        // What a clone is made of has been put off huge pages by the restorer.
        if origin != nil { flags &= ~THAW_MAPPING_NO_HUGE.rawValue }
        if area.isShared, path != nil { flags |= THAW_MAPPING_SHARED.rawValue }
        mappings.append(
            CapturedMapping(area: area, content: isEmpty ? .none : content, path: path, flags: flags))
    }

    static func flags(of properties: MemoryArea.Properties) -> UInt32 {
        let pairs: [(MemoryArea.Properties, thaw_mapping_flags)] = [
            (.growsDown, THAW_MAPPING_GROWS_DOWN), (.noReserve, THAW_MAPPING_NO_RESERVE),
            (.notForked, THAW_MAPPING_DONT_FORK), (.wipedOnFork, THAW_MAPPING_WIPE_ON_FORK),
            (.droppable, THAW_MAPPING_WIPE_ON_FORK), (.hugePages, THAW_MAPPING_HUGE),
            (.noHugePages, THAW_MAPPING_NO_HUGE), (.notDumped, THAW_MAPPING_DONT_DUMP),
            (.readAtRandom, THAW_MAPPING_RANDOM), (.readInOrder, THAW_MAPPING_SEQUENTIAL),
            (.mergeable, THAW_MAPPING_MERGEABLE),
        ]
        return pairs.reduce(0) { properties.contains($1.0) ? $0 | $1.1.rawValue : $0 }
    }

    /// Whether a clone that opens the file by its name gets the file that is mapped.
    private mutating func isReachable(_ area: MemoryArea) -> Bool {
        if let known = reachable[area.name] { return known }
        let mapped = try? FileStatus.of(FilePath("/proc/\(process.pid)/map_files/\(area.hexRange)"))
        let named = try? FileStatus.of(FilePath("/proc/\(process.pid)/root\(area.name)"), following: false)
        let same = mapped != nil && mapped?.inode == named?.inode && mapped?.device == named?.device
        reachable[area.name] = same
        return same
    }
}

// MARK: - Refusals

extension MappingCapture {
    /// Whether the kernel may have to take other nodes for any memory than it would by itself: the second word of a line. A preference,
    /// as OpenBLAS has for the node that it runs on, is no such duty: memory is good anywhere.
    private static func hasMemoryPolicy(_ pid: CInt) -> Bool {
        guard let maps = try? ProcText(of: "/proc/\(pid)/numa_maps", limit: 256 << 20) else { return false }
        var found = false
        maps.forEachLine { line in
            var scanner = LineScanner(line)
            let address = scanner.word()
            let policy = scanner.word()
            let isFree = ["default", "local", "prefer"].contains { policy.starts(with: $0.utf8) }
            if !address.isEmpty, !isFree { found = true }
        }
        return found
    }

    private func refuse(
        _ area: MemoryArea, _ what: String, remedy: String = Refusals.unmapInHook, into refusals: inout Refusals
    ) {
        let name = area.name.isEmpty ? "" : " (\(area.name))"
        refusals.add("the mapping at 0x\(String(area.start, radix: 16))\(name) \(what)", remedy)
    }

    /// True when the mapping is of a kind that is not known here.
    private func refuseProperties(of area: MemoryArea, into refusals: inout Refusals) -> Bool {
        let kinds: [(MemoryArea.Properties, String, String)] = [
            (.locked, "is locked into memory", "use munlock before the snapshot"),
            (.hugeTLB, "is of reserved huge pages", "use transparent huge pages"),
            (.userFaults, "is watched by userfaultfd", Refusals.unmapInHook),
            (.shadowStack, "is a shadow stack", "start the runtime without shadow stacks"),
            (.sealed, "is sealed", "do not use mseal before the snapshot"),
            (.device, "is of a device", Refusals.unmapInHook),
        ]
        var isRefused = false
        for (property, what, remedy) in kinds where area.properties.contains(property) {
            // io_uring's rings are device memory to the kernel.
            if area.name.hasPrefix("anon_inode:") { break }
            refuse(area, what, remedy: remedy, into: &refusals)
            isRefused = true
        }
        if area.protectionKey != 0 {
            refuse(
                area, "has protection key \(area.protectionKey)", remedy: "do not use pkey_mprotect", into: &refusals)
            isRefused = true
        }
        for code in area.unknownProperties {
            refuse(area, "has the unknown property \"\(code)\"", into: &refusals)
            isRefused = true
        }
        return isRefused
    }

    private static func sharing(_ name: String) -> String {
        switch name {
        case _ where name.hasPrefix("/SYSV"): "is System V shared memory"
        case _ where name.hasPrefix("/memfd:"): "is shared memory of a memfd"
        case _ where name.hasPrefix("anon_inode:"): "is of \(name.dropFirst(11))"
        case _ where name.isEmpty || name.hasPrefix("/dev/zero") || name.hasPrefix("["): "is shared memory"
        default: "is a file mapped shared and writable"
        }
    }

    private static func remedy(sharing name: String) -> String {
        switch name {
        case _ where name.hasPrefix("/tmp/hsperfdata_"): "start Java with -XX:-UsePerfData"
        case _ where name.hasPrefix("/memfd:java_heap"): "use a collector other than ZGC"
        case _ where name.hasPrefix("anon_inode:[io_uring]"): "start Node.js with UV_USE_IO_URING=0"
        default: Refusals.unmapInHook
        }
    }
}

extension Refusals {
    static let unmapInHook = "unmap it in a before-snapshot hook"
}

/// Chooses the addresses that the restorer has for itself in every clone.
enum ImageWindow {
    /// The first of some thousand places, far from where the kernel, malloc and the dynamic loader put anything, that is
    /// free with a margin; nil when none is.
    static func place(beside taken: [Range<UInt64>]) -> UInt64? {
        let margin: UInt64 = 1 << 30
        // 256 GiB apart, from 65 TiB to 81 TiB; then the same from 17 TiB on.
        let bases: [UInt64] = [0x4100_0000_0000, 0x1100_0000_0000]
        for base in bases {
            for step in UInt64(0)..<64 {
                let window = base + step << 38
                let wanted = window - margin..<window + THAW_WINDOW_SIZE + margin
                if !taken.contains(where: { $0.overlaps(wanted) }) { return window }
            }
        }
        return nil
    }
}
