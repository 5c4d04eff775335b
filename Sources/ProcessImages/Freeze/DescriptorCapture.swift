import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// One open descriptor of a process, as /proc shows it.
struct OpenDescriptor {
    let number: CInt
    /// "/usr/bin/cat", "pipe:[1234]", "anon_inode:[eventfd]".
    let link: String
    let info: ProcText
    /// O_…, the descriptor's own O_CLOEXEC among them.
    let flags: UInt32
    let position: UInt64

    init(_ number: CInt, of pid: CInt) throws(Errno) {
        self.number = number
        guard let target = FileStatus.symlinkContent(FilePath("/proc/\(pid)/fd/\(number)")) else {
            throw .noSuchFileOrDirectory
        }
        link = target.string
        info = try ProcText(of: "/proc/\(pid)/fdinfo/\(number)")
        flags = UInt32(truncatingIfNeeded: info.number("flags", radix: 8) ?? 0)
        position = info.number("pos") ?? 0
    }

    var accessMode: CInt { CInt(bitPattern: flags) & O_ACCMODE }

    /// The inode in "pipe:[1234]" and "socket:[1234]".
    var inode: UInt64? {
        guard let open = link.firstIndex(of: "["), link.hasSuffix("]") else { return nil }
        return UInt64(link[link.index(after: open)...].dropLast())
    }
}

/// Decides about each open descriptor of a process what stands at its number in a clone.
struct DescriptorCapture {
    let target: FreezeTarget
    let process: ProcessAccess
    var table = ByteTable()
    var entries: [thaw_descriptor] = []
    var watches: [thaw_watch] = []
    var fileWatches: [thaw_file_watch] = []
    var options: [thaw_option] = []
    var refusals = Refusals()
    /// What clones do not have as it is here.
    var remarks: [String] = []
    var files = FileCapture()
    var processLocks: [ProcessLock: thaw_lock] = [:]
    var pipes = PipeEnds()
    /// Asked for when the first Unix socket is met.
    var unixSockets: [UInt32: UnixSocketRecord]?
    /// What new sockets have, by family, type, protocol, and whether they listen.
    var newSockets: [[CInt]: SocketOptions] = [:]
    let multicast: MulticastGroups
    /// Both ends of connections within the process. Asked for when the first one is met.
    var innerConnections: InnerConnections?
    var foundRuntimeAPI = false

    init(_ target: FreezeTarget, _ process: ProcessAccess) {
        self.target = target
        self.process = process
        multicast = MulticastGroups(of: process.pid)
    }

    mutating func capture() throws(Errno) {
        let numbers = try Directory.entries(FilePath("/proc/\(process.pid)/fd")).compactMap { CInt($0) }.sorted()
        var opened: [OpenDescriptor] = []
        for number in numbers { opened.append(try OpenDescriptor(number, of: process.pid)) }
        pipes = PipeEnds(opened)
        // Positions in `entries` of the first descriptor of every open file, by what it leads to.
        var firsts: [String: [Int]] = [:]
        for descriptor in opened {
            if let first = try firstOfSameFile(descriptor, among: firsts[descriptor.link] ?? []) {
                add(descriptor, THAW_FD_SAME) { $0.a = UInt64(first) }
                continue
            }
            let count = entries.count
            try take(descriptor)
            if entries.count > count { firsts[descriptor.link, default: []].append(count) }
        }
        for descriptor in opened where descriptor.link == "anon_inode:[eventpoll]" {
            try takeWatches(of: descriptor, among: opened)
        }
        finishLocks()
        if let port = target.runtimeAPIPort, !foundRuntimeAPI {
            refusals.add(
                "the runtime has no connection from port \(port) on which it waits for the Runtime API",
                "wait in GET restore/next or invocation/next for the snapshot", patience: .moment)
        }
    }

    /// What is in /tmp, which each clone has for itself.
    mutating func take(_ tree: ScratchTree) throws(Errno) {
        if !tree.keepsNumbers { remarks.append("files in /tmp have other inode numbers in every clone") }
        try files.take(tree, &table)
    }

    private func firstOfSameFile(_ descriptor: OpenDescriptor, among firsts: [Int]) throws(Errno) -> Int? {
        for first in firsts where try process.sharesOpenFile(entries[first].number, descriptor.number) { return first }
        return nil
    }

    private mutating func take(_ descriptor: OpenDescriptor) throws(Errno) {
        let asynchronous: UInt32 = 0o20000  // O_ASYNC
        if descriptor.flags & asynchronous != 0 { refuse(descriptor, "sends signals when it is ready (O_ASYNC)") }
        if try process.hasSignalOwner(descriptor.number) {
            refuse(descriptor, "has somebody or something to be told by a signal (F_SETOWN, F_SETSIG)")
        }
        switch descriptor.link {
        case let link where link.hasPrefix("/"): try takeFile(descriptor)
        case let link where link.hasPrefix("pipe:"): try takePipe(descriptor)
        case let link where link.hasPrefix("socket:"): try takeSocket(descriptor)
        case let link where link.hasPrefix("anon_inode:"): try takeAnonymous(descriptor)
        case let link: refuse(descriptor, "is \(link), which cannot be cloned")
        }
    }

    mutating func add(
        _ descriptor: OpenDescriptor, _ kind: thaw_descriptor_kind, _ fill: (inout thaw_descriptor) -> Void = { _ in }
    ) {
        var entry = thaw_descriptor()
        entry.number = descriptor.number
        entry.kind = kind.rawValue
        entry.flags = descriptor.flags
        fill(&entry)
        entries.append(entry)
    }

    mutating func refuse(
        _ descriptor: OpenDescriptor, _ finding: String, _ remedy: String = Refusals.closeInHook,
        patience: Refusal.Patience = .none
    ) {
        refusals.add("fd \(descriptor.number) \(finding)", remedy, patience: patience)
    }
}
