import Glibc
internal import LinuxKit
internal import SystemPackage

/// Writes an erofs image from one end to the other, by what it is told: content first, then directories and inodes, last the
/// superblock. The same calls give the same bytes.
///
/// Not compressed: the processor that would unpack it may be emulated, and one page cache on the host serves all. Unlike
/// mkfs.erofs 1.5 it leaves holes out (chunk-based files, Linux 5.15), and it follows no path.
/// The format: `fs/erofs/erofs_fs.h` of the kernel.
final class ImageWriter {
    static let blockSize = 4096
    static let root = 0
    /// What is left of a file after its whole blocks lies beside the inode up to this size, else in a block of its own.
    static let longestTail = 1024
    private static let bufferSize = 1 << 20

    private let output: SharedDescriptor
    private let limit: Int
    private(set) var nodes: [ImageNode]
    /// Where ``buffer`` belongs.
    private var position = blockSize
    private var buffer: [UInt8] = []
    /// Bytes of the file that is being written.
    private var fileSize = 0
    private var fileStart = 0

    /// - Parameter limit: bytes that the image may have.
    init(_ output: SharedDescriptor, limit: Int, root: ImageNode.Attributes) {
        self.output = output
        self.limit = limit
        nodes = [ImageNode(attributes: root, content: .directory, parent: Self.root, links: 2)]
        buffer.reserveCapacity(Self.bufferSize + Self.blockSize)
    }

    // MARK: - Names

    func add(_ name: [UInt8], in parent: Int, _ attributes: ImageNode.Attributes, _ content: ImageNode.Content) -> Int {
        nodes.append(ImageNode(attributes: attributes, content: content, parent: parent, links: 1))
        let node = nodes.count - 1
        nodes[parent].children.append((name, node))
        if nodes[node].isDirectory {
            nodes[node].links = 2
            nodes[parent].links += 1
        }
        return node
    }

    /// One more name of a file.
    func link(_ name: [UInt8], in parent: Int, to node: Int) {
        nodes[parent].children.append((name, node))
        nodes[node].links += 1
    }

    // MARK: - Content

    /// The next block that is written.
    private var nextBlock: Int { (position + buffer.count) / Self.blockSize }

    func beginFile() {
        fileStart = nextBlock
        fileSize = 0
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(WorkshopError) {
        fileSize += bytes.count
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    func append(_ bytes: [UInt8]) throws(WorkshopError) {
        fileSize += bytes.count
        buffer += bytes
        if buffer.count >= Self.bufferSize { try flush() }
    }

    func endFile() throws(WorkshopError) -> ImageNode.Content {
        let rest = fileSize % Self.blockSize
        var tail: [UInt8] = []
        if rest > 0, rest <= Self.longestTail {
            tail = Array(buffer.suffix(rest))
            buffer.removeLast(rest)
        }
        try fillBlock()
        return .data(firstBlock: try firstBlock(), size: UInt64(fileSize), tail: tail)
    }

    /// Up to the next block; blocks are whole between files.
    func fillBlock() throws(WorkshopError) {
        let rest = buffer.count % Self.blockSize
        if rest > 0 { buffer += [UInt8](repeating: 0, count: Self.blockSize - rest) }
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// A whole number of blocks is written; what is begun stays, because a tail may be taken back.
    private func flush() throws(WorkshopError) {
        let whole = buffer.count / Self.blockSize * Self.blockSize
        guard whole > 0 else { return }
        guard position + whole <= limit else { throw .imageTooLarge(limitBytes: limit) }
        try write(buffer[..<whole], at: position)
        buffer.removeFirst(whole)
        position += whole
    }

    private func write(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(WorkshopError) {
        do {
            try bytes.withUnsafeBytes { bytes -> Result<Void, Errno> in
                Result { () throws(Errno) in try output.descriptor.write(bytes, at: Int64(offset)) }
            }.get()
        } catch .fileTooLarge {
            throw .imageTooLarge(limitBytes: limit)
        } catch {
            throw .systemCall("write the image", error)
        }
    }

    /// Where what ``beginFile()`` began lies.
    func firstBlock() throws(WorkshopError) -> UInt32 { try address(fileStart) }

    private func address(_ block: Int) throws(WorkshopError) -> UInt32 {
        guard let address = UInt32(exactly: block), address != ImageNode.hole else {
            throw .imageTooLarge(limitBytes: limit)
        }
        return address
    }

    // MARK: - End

    /// Writes what is not content.
    /// - Returns: the bytes of the image.
    func finish(identifier: [UInt8]) throws(WorkshopError) -> Int {
        for node in nodes.indices where nodes[node].isDirectory {
            nodes[node].children.append((Array(".".utf8), node))
            nodes[node].children.append((Array("..".utf8), nodes[node].parent))
            nodes[node].children.sort { $0.name.lexicographicallyPrecedes($1.name) }
        }
        let layout = InodeLayout(nodes)
        for node in nodes.indices where nodes[node].isDirectory {
            beginFile()
            try append(DirectoryBlocks.bytes(nodes[node].children, nodes, numbers: layout.numbers))
            nodes[node].content = try endFile()
        }
        try fillBlock()
        let inodes = try address(nextBlock)
        for (index, node) in nodes.enumerated() {
            try pad(to: Int(inodes) * Self.blockSize + layout.offsets[index])
            try append(InodeBytes.bytes(of: node, number: UInt32(truncatingIfNeeded: index)))
        }
        try fillBlock()
        let end = nextBlock
        try flush()
        let superblock = Superblock(
            root: layout.numbers[Self.root], inodes: UInt64(nodes.count), blocks: try address(end), metadata: inodes,
            identifier: identifier, hasChunks: nodes.contains { if case .chunks = $0.content { true } else { false } })
        try write(superblock.bytes[...], at: 0)
        return end * Self.blockSize
    }

    private func pad(to offset: Int) throws(WorkshopError) {
        try append([UInt8](repeating: 0, count: max(0, offset - position - buffer.count)))
    }
}
