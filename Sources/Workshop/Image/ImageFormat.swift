import Glibc

/// Where each inode lies, in bytes from the first one's block.
struct InodeLayout {
    /// Inodes have numbers of slots of this size.
    static let slot = 32
    static let inodeSize = 64
    /// The root's number has 16 bits, and no inode has the number 0, which readdir(3) would leave out.
    private static let first = 2 * slot

    let offsets: [Int]
    let numbers: [UInt64]

    init(_ nodes: [ImageNode]) {
        var offsets: [Int] = []
        offsets.reserveCapacity(nodes.count)
        var next = Self.first
        for node in nodes {
            let extra: Int
            var isTogether = Self.inodeSize
            switch node.content {
            case .directory:
                extra = DirectoryBlocks.tail(of: node.children)
                isTogether += extra
            case .data(_, _, let tail):
                extra = tail.count
                isTogether += extra
            case .chunks(_, let blocks, _): extra = 4 * blocks.count
            case .special: extra = 0
            }
            // What lies beside an inode lies in the same block.
            let inBlock = next % ImageWriter.blockSize
            if inBlock + isTogether > ImageWriter.blockSize { next += ImageWriter.blockSize - inBlock }
            offsets.append(next)
            next = (next + Self.inodeSize + extra + Self.slot - 1) / Self.slot * Self.slot
        }
        self.offsets = offsets
        numbers = offsets.map { UInt64($0 / Self.slot) }
    }
}

/// A directory's content: in each block first the entries, then their names.
enum DirectoryBlocks {
    private static let entrySize = 12

    /// The indices of the children that share a block.
    private static func blocks(_ children: [(name: [UInt8], node: Int)]) -> [Range<Int>] {
        var blocks: [Range<Int>] = []
        var start = 0
        var used = 0
        for (index, child) in children.enumerated() {
            let size = entrySize + child.name.count
            if used + size > ImageWriter.blockSize {
                blocks.append(start..<index)
                (start, used) = (index, 0)
            }
            used += size
        }
        blocks.append(start..<children.count)
        return blocks
    }

    private static func size(_ children: some Sequence<(name: [UInt8], node: Int)>) -> Int {
        children.reduce(0) { $0 + entrySize + $1.name.count }
    }

    /// Bytes of the last block, if they are few enough to lie beside the inode.
    static func tail(of children: [(name: [UInt8], node: Int)]) -> Int {
        guard let last = blocks(children).last else { return 0 }
        let size = size(children[last])
        return size <= ImageWriter.longestTail ? size : 0
    }

    static func bytes(
        _ children: [(name: [UInt8], node: Int)], _ nodes: [ImageNode], numbers: [UInt64]
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        let blocks = blocks(children)
        for (index, block) in blocks.enumerated() {
            let start = bytes.count
            var nameOffset = entrySize * block.count
            for child in children[block] {
                bytes += littleEndian(numbers[child.node]) + littleEndian(UInt16(nameOffset))
                bytes += [nodes[child.node].fileType, 0]
                nameOffset += child.name.count
            }
            for child in children[block] { bytes += child.name }
            if index < blocks.count - 1 {
                bytes += [UInt8](repeating: 0, count: ImageWriter.blockSize - (bytes.count - start))
            }
        }
        return bytes
    }
}

/// `struct erofs_inode_extended` and what lies beside it.
enum InodeBytes {
    private static let extended: UInt16 = 1
    private static let plain: UInt16 = 0 << 1
    private static let inline: UInt16 = 2 << 1
    private static let chunkBased: UInt16 = 4 << 1
    private static let blockBits = 12

    static func bytes(of node: ImageNode, number: UInt32) -> [UInt8] {
        let layout: UInt16
        let size: UInt64
        let place: UInt32
        let beside: [UInt8]
        switch node.content {
        case .data(let firstBlock, let length, let tail):
            layout = tail.isEmpty ? plain : inline
            (size, place, beside) = (length, firstBlock, tail)
        case .chunks(let bits, let blocks, let length):
            layout = chunkBased
            (size, place) = (length, UInt32(bits - blockBits))
            beside = blocks.flatMap { littleEndian($0) }
        case .directory, .special:
            (layout, size, place, beside) = (plain, 0, 0, [])
        }
        let attributes = node.attributes
        var bytes: [UInt8] = []
        bytes.reserveCapacity(InodeLayout.inodeSize + beside.count)
        bytes += littleEndian(extended | layout) + littleEndian(UInt16(0)) + littleEndian(attributes.mode)
        bytes += littleEndian(UInt16(0)) + littleEndian(size) + littleEndian(place) + littleEndian(number)
        bytes += littleEndian(attributes.user) + littleEndian(attributes.group) + littleEndian(attributes.seconds)
        bytes += littleEndian(attributes.nanoseconds) + littleEndian(node.links)
        bytes += [UInt8](repeating: 0, count: 16)
        return bytes + beside
    }
}

/// `struct erofs_super_block`, and the empty bytes before it.
struct Superblock {
    private static let offset = 1024
    private static let magic: UInt32 = 0xe0f5_e1e2
    /// The times of inodes are those of modification.
    private static let modificationTimes: UInt32 = 2
    private static let chunkedFiles: UInt32 = 4

    var root: UInt64
    var inodes: UInt64
    var blocks: UInt32
    /// The block that inodes are counted from.
    var metadata: UInt32
    /// 16 bytes.
    var identifier: [UInt8]
    var hasChunks: Bool

    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.offset)
        bytes += littleEndian(Self.magic) + littleEndian(UInt32(0)) + littleEndian(Self.modificationTimes)
        bytes += [12, 0] + littleEndian(UInt16(truncatingIfNeeded: root)) + littleEndian(inodes)
        // The time and its nanoseconds are for inodes that have none of their own.
        bytes += littleEndian(UInt64(0)) + littleEndian(UInt32(0))
        bytes += littleEndian(blocks) + littleEndian(metadata) + littleEndian(UInt32(0))
        bytes += identifier.prefix(16) + [UInt8](repeating: 0, count: 16)
        bytes += littleEndian(hasChunks ? Self.chunkedFiles : 0)
        return bytes + [UInt8](repeating: 0, count: ImageWriter.blockSize - bytes.count)
    }
}

func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
}
