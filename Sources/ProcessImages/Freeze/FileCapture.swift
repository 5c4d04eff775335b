import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// The files that every clone has for itself, and what holds their content.
struct FileCapture {
    private(set) var nodes: [thaw_node] = []
    private(set) var names: [thaw_name] = []
    private(set) var objects: [thaw_object] = []
    private(set) var extents: [thaw_extent] = []
    var locks: [thaw_lock] = []
    private var known: [FileIdentity: UInt64] = [:]

    /// Of one file without a name, and of all that `state` holds: it has to fit into its place in a clone.
    private static let largestObject: Int64 = 64 << 20
    private static let roomForContents = 192 << 20
    /// F_SEAL_WRITE and F_SEAL_FUTURE_WRITE of fcntl(2): what is mapped before them cannot be mapped after them.
    private static let writeSeals: CInt = 0x18
    private static let getSeals: CInt = 1034

    struct FileIdentity: Hashable {
        let device: UInt64
        let inode: UInt64

        init(_ status: FileStatus) {
            device = status.device
            inode = status.inode
        }
    }

    /// Why a file without a name cannot be carried.
    struct Finding: Error { let text: String }

    /// The file without a name that `path`, a link of /proc, leads to. Taken once, however often it is open and mapped.
    mutating func object(
        at path: FilePath, _ kind: thaw_object_kind, named name: String, _ table: inout ByteTable
    ) throws(Finding) -> UInt64 {
        let status = try Self.attempt { () throws(Errno) in try FileStatus.of(path) }
        if let index = known[FileIdentity(status)] { return index }
        guard status.allocatedBytes <= Self.largestObject,
            table.bytes.count + Int(status.allocatedBytes) <= Self.roomForContents
        else { throw Finding(text: "of \(status.allocatedBytes >> 20) MiB") }
        let file = try Self.attempt { () throws(Errno) in
            try OwnedDescriptor.open(path, .readOnly, options: [.nonBlocking])
        }
        let seals = kind == THAW_OBJECT_MEMORY ? file.withRaw { fcntl($0, Self.getSeals) } : 0
        if seals > 0, seals & Self.writeSeals != 0 { throw Finding(text: "that is sealed against writing") }
        var object = thaw_object()
        object.kind = kind.rawValue
        object.permissions = UInt32(status.permissions.rawValue)
        object.name = kind == THAW_OBJECT_MEMORY ? table.text(name) : 0
        object.size = UInt64(status.size)
        object.seals = UInt32(max(0, seals))
        do { (object.first_extent, object.extents) = try content(of: file, &table) } catch {
            throw Finding(text: "that cannot be read (\(error))")
        }
        objects.append(object)
        known[FileIdentity(status)] = UInt64(objects.count - 1)
        return UInt64(objects.count - 1)
    }

    private static func attempt<R: ~Copyable>(_ body: () throws(Errno) -> R) throws(Finding) -> R {
        do { return try body() } catch { throw Finding(text: "that cannot be read (\(error))") }
    }

    /// All of /tmp.
    mutating func take(_ tree: ScratchTree, _ table: inout ByteTable) throws(Errno) {
        var last: UInt64 = 1  // The number of /tmp itself.
        for found in tree.nodes {
            var node = thaw_node()
            node.path = table.text(found.creation)
            node.place = table.text(found.place)
            node.mode = found.mode
            node.gap = tree.keepsNumbers ? UInt32(truncatingIfNeeded: found.status.inode - last - 1) : 0
            last = found.status.inode
            node.accessed = max(0, found.status.accessed)
            node.modified = max(0, found.status.modified)
            (node.first_extent, node.extents) = (UInt64(extents.count), 0)
            if found.status.kind == .regular {
                node.size = UInt64(found.status.size)
                let file = try OwnedDescriptor.open(found.source, .readOnly, options: [.nonBlocking, .noFollow])
                (node.first_extent, node.extents) = try content(of: file, &table)
            }
            if let target = found.target { node.target = table.text(target) }
            nodes.append(node)
        }
        names = tree.names.map {
            thaw_name(from: table.text($0.from), to: table.text($0.to), moves: $0.moves ? 1 : 0, reserved: 0)
        }
    }

    private mutating func content(
        of file: borrowing OwnedDescriptor, _ table: inout ByteTable
    ) throws(Errno) -> (first: UInt64, count: UInt64) {
        let first = extents.count
        for extent in try file.dataExtents() {
            var bytes = [UInt8](repeating: 0, count: extent.count)
            let outcome = bytes.withUnsafeMutableBytes { buffer in
                Result { () throws(Errno) in try file.read(into: buffer, at: extent.lowerBound) }
            }
            guard try outcome.get() == bytes.count else { throw .ioError }
            let place = table.blob(bytes)
            extents.append(
                thaw_extent(offset: UInt64(extent.lowerBound), size: UInt64(bytes.count), content: place))
        }
        return (UInt64(first), UInt64(extents.count - first))
    }
}
