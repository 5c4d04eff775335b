import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// What a sandbox has in /tmp, where it is little enough for every clone to be given its own from the start: the same files with the same
/// numbers, which programs remember, in a file system that is new otherwise. Of more, an image is made that all clones have in common.
struct ScratchTree {
    struct Node {
        let status: FileStatus
        /// As the process names it.
        let place: String
        /// As this process reaches it.
        let source: FilePath
        /// Of a symbolic link.
        let target: String?
        /// Where it is made: not in its place when that is in a directory with a higher number.
        var creation = ""

        /// S_IF… and permissions.
        var mode: UInt32 {
            let kind: UInt32 =
                switch status.kind {
                case .directory: UInt32(S_IFDIR)
                case .symlink: UInt32(S_IFLNK)
                case .pipe: UInt32(S_IFIFO)
                case .socket: UInt32(S_IFSOCK)
                default: UInt32(S_IFREG)
                }
            return kind | UInt32(status.permissions.rawValue)
        }
    }

    struct Name {
        let from, to: String
        let moves: Bool
    }

    /// Ascending by number.
    private(set) var nodes: [Node] = []
    private(set) var names: [Name] = []
    private(set) var keepsNumbers = true

    static let place = "/tmp"
    private static let ours = "/tmp/.thaw-"
    /// What costs a clone little more than a mount of what is shared would: 1 ms. And what it costs when a file is open for writing,
    /// mapped so or locked, whose program goes wrong when the file is another: some 10 ms.
    private static let mostNodes = (usually: 64, ofHeld: 1024)
    private static let mostBytes: (usually: Int64, ofHeld: Int64) = (1 << 20, 32 << 20)
    /// Of files that are open for writing, or mapped so: a clone would have to copy them in any case.
    private static let mostHeldBytes: Int64 = 64 << 20
    /// Numbers that were given to files which are gone; more of them when a file is open.
    private static let mostGaps: UInt64 = 256
    private static let mostGapsOfHeld: UInt64 = 4096

    private let root: String
    private let device: UInt64
    private var links: [(inode: UInt64, place: String)] = []
    private var bytes: Int64 = 0
    private let isHeld: Bool

    /// Nil when there is too much, or something that cannot be made anew.
    /// - Parameters:
    ///   - pids: of the processes, the first one first, whose program is `executable`.
    ///   - areas: all that is mapped.
    init?(of pids: [CInt], executable: String, areas: [MemoryArea]) {
        root = "/proc/\(pids.first ?? 0)/root"
        guard !executable.hasPrefix(Self.place + "/"), let held = Self.held(by: pids, areas),
            let status = try? FileStatus.of(FilePath(root + Self.place), following: false), status.kind == .directory
        else { return nil }
        device = status.device
        isHeld = !held.isEmpty
        guard read(Self.place, held, depth: 0), !nodes.contains(where: { $0.place.hasPrefix(Self.ours) }) else {
            return nil
        }
        nodes.sort { $0.status.inode < $1.status.inode }
        let gaps = (nodes.last?.status.inode ?? 1) - 1 - UInt64(nodes.count)
        keepsNumbers = gaps <= (isHeld ? Self.mostGapsOfHeld : Self.mostGaps)
        findNames()
    }

    /// The numbers of files in /tmp that are open for writing or mapped so; nil when one has a lease, which reading would break.
    private static func held(by pids: [CInt], _ areas: [MemoryArea]) -> Set<UInt64>? {
        var held = Set(
            areas.filter { $0.isShared && $0.properties.contains(.mayWrite) && $0.name.hasPrefix(place + "/") }
                .map(\.inode))
        for pid in pids {
            guard let more = self.held(by: pid) else { return nil }
            held.formUnion(more)
        }
        return held
    }

    private static func held(by pid: CInt) -> Set<UInt64>? {
        var held: Set<UInt64> = []
        for number in (try? Directory.entries(FilePath("/proc/\(pid)/fd"))) ?? [] {
            let path = FilePath("/proc/\(pid)/fd/\(number)")
            guard FileStatus.symlinkContent(path)?.string.hasPrefix(place + "/") == true,
                let info = try? ProcText(of: "/proc/\(pid)/fdinfo/\(number)"), let status = try? FileStatus.of(path)
            else { continue }
            let locks = FileLockLine.all(in: info)
            if locks.contains(where: \.isLease) { return nil }
            let flags = CInt(truncatingIfNeeded: info.number("flags", radix: 8) ?? 0)
            if flags & O_ACCMODE != O_RDONLY || !locks.isEmpty { held.insert(status.inode) }
        }
        return held
    }

    /// Paths with names as deep as they may be fit into what the kernel takes.
    private static let deepest = 16

    private mutating func read(_ directory: String, _ held: Set<UInt64>, depth: Int) -> Bool {
        guard depth < Self.deepest, let entries = try? Directory.entries(FilePath(root + directory)) else {
            return false
        }
        for name in entries {
            let place = directory + "/" + name
            let source = FilePath(root + place)
            guard let status = try? FileStatus.of(source, following: false), status.device == device else {
                return false
            }
            if status.links > 1, status.kind != .directory, nodes.contains(where: { $0.status.inode == status.inode }) {
                links.append((status.inode, place))
                guard isSmall else { return false }
                continue
            }
            guard take(status, place, source, held) else { return false }
            if status.kind == .directory, !read(place, held, depth: depth + 1) { return false }
        }
        return true
    }

    private mutating func take(
        _ status: FileStatus, _ place: String, _ source: FilePath, _ held: Set<UInt64>
    ) -> Bool {
        var target: String?
        switch status.kind {
        case .regular:
            guard Self.hasNoAttributes(source) else { return false }
            if held.contains(status.inode) {
                guard status.allocatedBytes <= Self.mostHeldBytes else { return false }
            } else {
                bytes += status.allocatedBytes
            }
        case .directory:
            guard Self.hasNoAttributes(source) else { return false }
        case .symlink:
            guard let content = FileStatus.symlinkContent(source), content.string.utf8.count == status.size else {
                return false
            }
            target = content.string
        case .pipe, .socket: break
        case .blockDevice, .characterDevice, .other: return false
        }
        nodes.append(Node(status: status, place: place, source: source, target: target))
        return isSmall
    }

    private var isSmall: Bool {
        nodes.count + links.count <= (isHeld ? Self.mostNodes.ofHeld : Self.mostNodes.usually)
            && bytes <= (isHeld ? Self.mostBytes.ofHeld : Self.mostBytes.usually)
    }

    /// None of a program's own: extended ones, and access control lists.
    private static func hasNoAttributes(_ path: FilePath) -> Bool {
        guard let file = try? OwnedDescriptor.open(path, .readOnly, options: [.nonBlocking, .noFollow]) else {
            return false
        }
        guard let names = try? FileStatus.attributeNames(of: file) else { return false }
        return !names.contains { $0.hasPrefix("user.") || $0.hasPrefix("system.") }
    }

    /// A file can be in a directory with a higher number. Until that is there it has a name of ours.
    private mutating func findNames() {
        var made: Set<String> = [Self.place]
        var moves: [Name] = []
        for index in nodes.indices {
            let place = nodes[index].place
            if made.contains(Self.parent(of: place)) {
                nodes[index].creation = place
                made.insert(place)
            } else {
                nodes[index].creation = "\(Self.ours)\(nodes[index].status.inode)"
                moves.append(Name(from: nodes[index].creation, to: place, moves: true))
            }
        }
        let depth = { (name: Name) in name.to.utf8.count { $0 == UInt8(ascii: "/") } }
        names = moves.sorted { depth($0) < depth($1) }
        for link in links {
            guard let first = nodes.first(where: { $0.status.inode == link.inode }) else { continue }
            names.append(Name(from: first.place, to: link.place, moves: false))
        }
    }

    private static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }
}
