import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// One open descriptor of a process, as /proc shows it.
struct OpenDescriptor {
    let holder: DescriptorHolder
    /// In its process.
    let ownNumber: CInt
    /// In the first process of a clone while that is made; there it is its own number, and of others it is past all those.
    let number: CInt
    /// "/usr/bin/cat", "pipe:[1234]", "anon_inode:[eventfd]".
    let link: String
    let info: ProcText
    /// O_…, the descriptor's own O_CLOEXEC among them.
    let flags: UInt32
    let position: UInt64

    init(_ ownNumber: CInt, of holder: DescriptorHolder, as number: CInt) throws(Errno) {
        self.holder = holder
        self.ownNumber = ownNumber
        self.number = number
        let pid = holder.process.pid
        guard let target = FileStatus.symlinkContent(FilePath("/proc/\(pid)/fd/\(ownNumber)")) else {
            throw .noSuchFileOrDirectory
        }
        link = target.string
        info = try ProcText(of: "/proc/\(pid)/fdinfo/\(ownNumber)")
        flags = UInt32(truncatingIfNeeded: info.number("flags", radix: 8) ?? 0)
        position = info.number("pos") ?? 0
    }

    var path: FilePath { FilePath("/proc/\(holder.process.pid)/fd/\(ownNumber)") }

    /// A descriptor of this process for the same open file.
    func duplicate() throws(Errno) -> OwnedDescriptor { try holder.process.descriptor(ownNumber) }

    func sharesOpenFile(with other: OpenDescriptor) throws(Errno) -> Bool {
        try holder.process.sharesOpenFile(ownNumber, with: other.holder.process, other.ownNumber)
    }

    /// What refusals call it.
    var title: String { "fd \(ownNumber)\(holder.name.map { " of process \($0)" } ?? "")" }

    var accessMode: CInt { CInt(bitPattern: flags) & O_ACCMODE }

    /// The inode in "pipe:[1234]" and "socket:[1234]".
    var inode: UInt64? {
        guard let open = link.firstIndex(of: "["), link.hasSuffix("]") else { return nil }
        return UInt64(link[link.index(after: open)...].dropLast())
    }
}

/// A process that has descriptors.
struct DescriptorHolder {
    let process: ProcessAccess
    /// Among the processes that are frozen together. The first one, 0, makes all descriptors, and the others inherit theirs.
    let index: Int
    /// Of one that is not the first: how it is called.
    let name: String?
}

/// Decides about each open descriptor of the processes of a sandbox what stands at its number in a clone.
struct DescriptorCapture {
    let target: FreezeTarget
    let holders: [DescriptorHolder]
    /// All that are open, those of the first process first.
    var opened: [OpenDescriptor] = []
    /// Past all numbers that a process has; 0 when there is one process only.
    private(set) var shelf: CInt = 0
    /// What the processes after the first have.
    private(set) var others: [Inherited]
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
    /// What lies unread in inotify descriptors, in bytes.
    var unreadNews: [CInt: Int] = [:]
    /// Asked for when the first Unix socket is met.
    var unixSockets: [UInt32: UnixSocketRecord]?
    /// What new sockets have, by family, type, protocol, and whether they listen.
    var newSockets: [[CInt]: SocketOptions] = [:]
    let multicast: MulticastGroups
    /// Both ends of connections within the process. Asked for when the first one is met.
    var innerConnections: InnerConnections?
    var foundRuntimeAPI = false

    /// What a process inherits, and what its epolls watch.
    struct Inherited {
        var descriptors: [thaw_descriptor] = []
        var watches: [thaw_watch] = []
    }

    /// The descriptor that stands for an open file, and its place in `entries`.
    private struct First {
        let descriptor: OpenDescriptor
        let entry: Int
    }

    /// - Parameter processes: with their names, the first one first.
    init(_ target: FreezeTarget, _ processes: [(access: ProcessAccess, name: String)]) {
        self.target = target
        holders = processes.enumerated().map {
            DescriptorHolder(process: $1.access, index: $0, name: $0 == 0 ? nil : $1.name)
        }
        others = processes.dropFirst().map { _ in Inherited() }
        multicast = MulticastGroups(of: target.pid)
    }

    /// To be called first, and before anybody looks into /tmp: that is news to who watches it.
    mutating func look() throws(Errno) {
        try openAll()
        for descriptor in opened where descriptor.link == Self.notifier {
            unreadNews[descriptor.number] = try descriptor.duplicate().unreadBytes()
        }
    }

    mutating func capture() throws(Errno) {
        pipes = PipeEnds(opened)
        var firsts: [String: [First]] = [:]
        for descriptor in opened {
            if let first = try first(of: descriptor, among: firsts[descriptor.link] ?? []) {
                takeAgain(descriptor, first)
                continue
            }
            let count = entries.count
            try take(descriptor)
            guard entries.count > count else { continue }
            firsts[descriptor.link, default: []].append(First(descriptor: descriptor, entry: count))
            if descriptor.holder.index > 0 { inherit(descriptor, entries[count].number) }
        }
        for descriptor in opened where descriptor.link == Self.epoll {
            try takeWatches(of: descriptor)
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

    private mutating func openAll() throws(Errno) {
        var numbers: [[CInt]] = []
        for holder in holders {
            let entries = try Directory.entries(FilePath("/proc/\(holder.process.pid)/fd"))
            numbers.append(entries.compactMap { CInt($0) }.sorted())
        }
        if holders.count > 1 { shelf = (numbers.joined().max() ?? 0) + 1 }
        var next = shelf
        for (holder, numbers) in zip(holders, numbers) {
            for number in numbers {
                opened.append(try OpenDescriptor(number, of: holder, as: holder.index == 0 ? number : next))
                if holder.index > 0 { next += 1 }
            }
        }
    }

    private func first(of descriptor: OpenDescriptor, among firsts: [First]) throws(Errno) -> First? {
        for first in firsts where try first.descriptor.sharesOpenFile(with: descriptor) { return first }
        return nil
    }

    /// A descriptor of an open file that another one stands for.
    private mutating func takeAgain(_ descriptor: OpenDescriptor, _ first: First) {
        guard descriptor.holder.index > 0 else { return add(descriptor, THAW_FD_SAME) { $0.a = UInt64(first.entry) } }
        if FileLockLine.all(in: descriptor.info).contains(where: { $0.kind == THAW_LOCK_POSIX.rawValue }) {
            refuseLock(of: descriptor)
        }
        inherit(descriptor, entries[first.entry].number)
    }

    private mutating func inherit(_ descriptor: OpenDescriptor, _ number: CInt) {
        var entry = thaw_descriptor()
        entry.number = descriptor.ownNumber
        entry.kind = THAW_FD_INHERITED.rawValue
        entry.flags = descriptor.flags & UInt32(O_CLOEXEC)
        entry.a = UInt64(number)
        others[descriptor.holder.index - 1].descriptors.append(entry)
    }

    /// What an epoll of a process watches.
    mutating func add(_ watch: thaw_watch, of holder: DescriptorHolder) {
        if holder.index == 0 { watches.append(watch) } else { others[holder.index - 1].watches.append(watch) }
    }

    mutating func refuseLock(of descriptor: OpenDescriptor) {
        refuse(descriptor, "(\(descriptor.link)) holds a file lock", "release it in a before-snapshot hook")
    }

    private mutating func take(_ descriptor: OpenDescriptor) throws(Errno) {
        let asynchronous: UInt32 = 0o20000  // O_ASYNC
        if descriptor.flags & asynchronous != 0 { refuse(descriptor, "sends signals when it is ready (O_ASYNC)") }
        if try descriptor.holder.process.hasSignalOwner(descriptor.ownNumber) {
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

    static let epoll = "anon_inode:[eventpoll]"
    static let notifier = "anon_inode:inotify"

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
        refusals.add("\(descriptor.title) \(finding)", remedy, patience: patience)
    }
}
