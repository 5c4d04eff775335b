import Glibc
internal import LinuxKit
internal import SystemPackage

/// Makes the image of a tree of files that stands still: what a frozen function has in /tmp. Holes stay holes, hard links stay
/// hard links, times stay; the owner is one for all.
///
/// It walks by descriptors and `..`, never by paths: a tree may be deeper than a path can be long.
final class TreeImage {
    private static let identifier = [UInt8](repeating: 0, count: 16)
    /// Chunks grow with the file so that it has no more of them than this: 1 MiB of numbers.
    private static let mostChunks = 1 << 18
    private static let chunkBits = 12...43
    /// Longer paths are cut in messages.
    private static let shownPath = 200

    private struct File: Hashable {
        var device: dev_t
        var inode: ino_t
    }

    private struct Level {
        var node: Int
        /// Last name first.
        var names: [[UInt8]]
        var name: [UInt8]
    }

    private let writer: ImageWriter
    private let owner: (user: UInt32, group: UInt32)
    private var directory: OwnedDescriptor
    private var levels: [Level] = []
    private var known: [File: Int] = [:]
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)

    /// - Returns: the bytes of the image.
    static func write(
        _ top: borrowing OwnedDescriptor, owner: (user: UInt32, group: UInt32), to output: SharedDescriptor, limit: Int
    ) throws(WorkshopError) -> Int {
        let image = try TreeImage(top, owner, output, limit)
        try image.walk()
        return try image.writer.finish(identifier: identifier)
    }

    private init(
        _ top: borrowing OwnedDescriptor, _ owner: (user: UInt32, group: UInt32), _ output: SharedDescriptor,
        _ limit: Int
    ) throws(WorkshopError) {
        self.owner = owner
        directory = try attempt("open the tree") { () throws(Errno) in
            try top.open(at: ".", .readOnly, options: [.directory])
        }
        let status = try Self.status(of: directory)
        writer = ImageWriter(output, limit: limit, root: Self.attributes(status, owner))
        levels = [Level(node: ImageWriter.root, names: try Self.names(in: directory), name: [])]
    }

    private func walk() throws(WorkshopError) {
        while let level = levels.last {
            guard let name = levels[levels.count - 1].names.popLast() else {
                levels.removeLast()
                if levels.isEmpty { return }
                try enter(Array("..".utf8))
                continue
            }
            try add(name, in: level.node)
        }
    }

    private func add(_ name: [UInt8], in parent: Int) throws(WorkshopError) {
        let status = try status(of: name)
        let file = File(device: status.st_dev, inode: status.st_ino)
        let kind = status.st_mode & S_IFMT
        if kind != S_IFDIR, status.st_nlink > 1, let node = known[file] {
            writer.link(name, in: parent, to: node)
            return
        }
        let content: ImageNode.Content
        switch kind {
        case S_IFREG: content = try self.content(of: name, size: status.st_size)
        case S_IFLNK: content = try target(of: name)
        case S_IFIFO, S_IFSOCK: content = .special
        case S_IFDIR: content = .directory
        default: throw .unsupportedFile("\(shown(name)) is a device, which no image can hold. Remove it during init")
        }
        let node = writer.add(name, in: parent, Self.attributes(status, owner), content)
        if kind == S_IFDIR {
            try enter(name)
            try refuseAttributes(of: directory, name)
            levels.append(Level(node: node, names: try Self.names(in: directory), name: name))
        } else if status.st_nlink > 1 {
            known[file] = node
        }
    }

    // MARK: - Content

    private func content(of name: [UInt8], size: off_t) throws(WorkshopError) -> ImageNode.Content {
        let file = try open(name, O_NONBLOCK)
        try refuseAttributes(of: file, name)
        let status = try Self.status(of: file)
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size == size else {
            throw .unsupportedFile("\(shown(name)) changes while it is read")
        }
        if Int(status.st_blocks) * 512 + ImageWriter.blockSize <= Int(size) {
            return try sparseContent(of: file, size: Int(size), name)
        }
        writer.beginFile()
        try copy(0..<Int(size), of: file, name)
        return try writer.endFile()
    }

    private func copy(_ range: Range<Int>, of file: borrowing OwnedDescriptor, _ name: [UInt8]) throws(WorkshopError) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = min(buffer.count, range.upperBound - offset)
            let outcome = buffer.withUnsafeMutableBytes { bytes -> Result<Int, Errno> in
                let bytes = UnsafeMutableRawBufferPointer(rebasing: bytes[..<wanted])
                return Result { () throws(Errno) in try file.read(into: bytes, at: Int64(offset)) }
            }
            switch outcome {
            case .success(wanted): break
            case .success: throw .unsupportedFile("\(shown(name)) changes while it is read")
            case .failure(let error): throw .systemCall("read \(shown(name))", error)
            }
            try buffer.withUnsafeBytes { bytes -> Result<Void, WorkshopError> in
                Result { () throws(WorkshopError) in
                    try writer.append(UnsafeRawBufferPointer(rebasing: bytes[..<wanted]))
                }
            }.get()
            offset += wanted
        }
    }

    private func sparseContent(
        of file: borrowing OwnedDescriptor, size: Int, _ name: [UInt8]
    ) throws(WorkshopError) -> ImageNode.Content {
        var bits = Self.chunkBits.lowerBound
        while bits < Self.chunkBits.upperBound, (size - 1) >> bits >= Self.mostChunks { bits += 1 }
        var blocks = [UInt32](repeating: ImageNode.hole, count: ((size - 1) >> bits) + 1)
        let extents: [Range<Int64>]
        do { extents = try file.dataExtents() } catch { throw .systemCall("find the holes of \(shown(name))", error) }
        for extent in extents where !extent.isEmpty {
            let last = min(Int(extent.upperBound) - 1, size - 1)
            guard Int(extent.lowerBound) <= last else { continue }
            for chunk in (Int(extent.lowerBound) >> bits)...(last >> bits) where blocks[chunk] == ImageNode.hole {
                writer.beginFile()
                blocks[chunk] = try writer.firstBlock()
                let start = chunk << bits
                try copy(start..<(start + min(1 << bits, size - start)), of: file, name)
                try writer.fillBlock()
            }
        }
        return .chunks(bits: bits, blocks: blocks, size: UInt64(size))
    }

    private func target(of name: [UInt8]) throws(WorkshopError) -> ImageNode.Content {
        var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = Self.withPath(name) { path in
            directory.withRaw { directory in
                target.withUnsafeMutableBytes { bytes in
                    bytes.withMemoryRebound(to: CChar.self) { text in
                        text.baseAddress.map { readlinkat(directory, path, $0, text.count) } ?? -1
                    }
                }
            }
        }
        guard count > 0 else { throw .systemCall("read \(shown(name))", Errno(rawValue: errno)) }
        writer.beginFile()
        try writer.append(Array(target.prefix(count)))
        return try writer.endFile()
    }

    // MARK: - Names

    /// Extended attributes that a program has set, access control lists among them: nothing here writes them.
    private func refuseAttributes(of file: borrowing OwnedDescriptor, _ name: [UInt8]) throws(WorkshopError) {
        let names = try attempt("list the extended attributes of \(shown(name))") { () throws(Errno) in
            try FileStatus.attributeNames(of: file)
        }
        guard let first = names.first(where: { $0.hasPrefix("user.") || $0.hasPrefix("system.posix_acl") }) else {
            return
        }
        throw .unsupportedFile(
            "\(shown(name)) has the extended attribute \(first), which the image cannot hold. Remove it during init")
    }

    private func enter(_ name: [UInt8]) throws(WorkshopError) {
        directory = try open(name, O_DIRECTORY)
    }

    private func open(_ name: [UInt8], _ flags: CInt) throws(WorkshopError) -> OwnedDescriptor {
        do {
            return try directory.withRaw { directory throws(Errno) in
                try OwnedDescriptor {
                    Self.withPath(name) { openat(directory, $0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags) }
                }
            }
        } catch {
            throw .systemCall("open \(shown(name))", error)
        }
    }

    private func status(of name: [UInt8]) throws(WorkshopError) -> stat {
        var status = stat()
        let result = Self.withPath(name) { path in
            directory.withRaw { fstatat($0, path, &status, AT_SYMLINK_NOFOLLOW) }
        }
        guard result == 0 else { throw .systemCall("look at \(shown(name))", Errno(rawValue: errno)) }
        return status
    }

    private static func status(of file: borrowing OwnedDescriptor) throws(WorkshopError) -> stat {
        var status = stat()
        guard file.withRaw({ fstat($0, &status) }) == 0 else {
            throw .systemCall("look at a file", Errno(rawValue: errno))
        }
        return status
    }

    private static func attributes(_ status: stat, _ owner: (user: UInt32, group: UInt32)) -> ImageNode.Attributes {
        ImageNode.Attributes(
            mode: UInt16(truncatingIfNeeded: status.st_mode), user: owner.user, group: owner.group,
            seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(truncatingIfNeeded: status.st_mtim.tv_nsec))
    }

    /// Without "." and "..", last one first.
    private static func names(in directory: borrowing OwnedDescriptor) throws(WorkshopError) -> [[UInt8]] {
        let copy = try attempt("read a directory") { () throws(Errno) in try directory.duplicate() }.relinquish()
        guard let stream = fdopendir(copy) else {
            _ = OwnedDescriptor(adopting: copy)
            throw .systemCall("read a directory", Errno(rawValue: errno))
        }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw .systemCall("read a directory", Errno(rawValue: errno)) }
                return names.sorted { $1.lexicographicallyPrecedes($0) }
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
        }
    }

    private static func withPath<R>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> R) -> R {
        (name + [0]).map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { buffer in
            // Never empty: it ends with a zero.
            buffer.baseAddress.map(body) ?? body([0])
        }
    }

    /// The path for a message, as the function knows it.
    private func shown(_ name: [UInt8]) -> String {
        let names = levels.dropFirst().map(\.name) + [name]
        let path = "/tmp/" + String(decoding: Array(names.joined(separator: "/".utf8)), as: UTF8.self)
        return path.count <= Self.shownPath ? path : "…" + path.suffix(Self.shownPath)
    }
}
