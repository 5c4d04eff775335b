import Glibc
internal import LinuxKit

/// Makes the root file system of a container image from its layers.
///
/// It reads the layers twice: first the names of all, then the content of those files that are left, in the order in which it comes.
/// Nothing is unpacked anywhere, and the same layers give the same bytes.
struct RootImage {
    private static let identifier: [UInt8] = [0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1]

    /// A file that is wanted, and its names in the image.
    private struct File {
        var node: Int
        var names: [(name: LayeredTree.Name, parent: Int)] = []
    }

    private let tree: LayeredTree
    private let writer: ImageWriter

    /// - Parameters:
    ///   - progress: told the layer that is read, counted from 0, and nil when all have been read once.
    /// - Returns: the bytes of the image.
    static func write(
        _ layers: [SharedDescriptor], mountPoints: [MountPoint], limits: LayerLimits, to output: SharedDescriptor,
        limit: Int, progress: (Int?) throws(WorkshopError) -> Void
    ) throws(WorkshopError) -> Int {
        var tree = LayeredTree(limits: limits)
        for (layer, file) in layers.enumerated() {
            try progress(layer)
            let archive = try TarArchive(file)
            var number = 0
            while let member = try archive.next() {
                try tree.apply(member, layer: layer, number: number)
                number += 1
            }
        }
        try progress(nil)
        for point in mountPoints { try tree.makeMountPoint(point, layer: layers.count) }
        let root = tree.nodes[LayeredTree.root].attributes
        let image = RootImage(tree: tree, writer: ImageWriter(output, limit: limit, root: root))
        let wanted = try image.addNames(layers: layers.count)
        for (layer, file) in layers.enumerated() where !wanted[layer].isEmpty { try image.add(wanted[layer], of: file) }
        return try image.writer.finish(identifier: identifier)
    }

    /// Adds all that needs no content of a layer, depth first, in the order of names.
    /// - Returns: what does, by layer and by number in the layer.
    private func addNames(layers: Int) throws(WorkshopError) -> [[Int: File]] {
        var wanted = [[Int: File]](repeating: [:], count: layers)
        var made: [Int: Int] = [:]
        var pending = [(node: LayeredTree.root, image: ImageWriter.root)]
        while let next = pending.popLast() {
            guard let folder = tree.folder(next.node) else { continue }
            var below: [(node: Int, image: Int)] = []
            let entries = tree.folders[folder].entries.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            for (name, entry) in entries {
                let node = tree.nodes[entry.node]
                switch node.content {
                case .nothing: continue
                case .directory:
                    below.append((entry.node, writer.add(name, in: next.image, node.attributes, .directory)))
                    continue
                case .file(let layer, let member, let size) where size > 0:
                    wanted[layer][member, default: File(node: entry.node)].names.append((name, next.image))
                    continue
                case .file, .link, .pipe: break
                }
                if let known = made[entry.node] {
                    writer.link(name, in: next.image, to: known)
                } else {
                    made[entry.node] = writer.add(name, in: next.image, node.attributes, try content(of: node))
                }
            }
            pending += below.reversed()
        }
        return wanted
    }

    private func content(of node: LayeredTree.Node) throws(WorkshopError) -> ImageNode.Content {
        if case .pipe = node.content { return .special }
        writer.beginFile()
        if case .link(let target) = node.content { try writer.append(target) }
        return try writer.endFile()
    }

    private func add(_ wanted: [Int: File], of layer: SharedDescriptor) throws(WorkshopError) {
        let archive = try TarArchive(layer)
        var (number, left) = (0, wanted.count)
        while left > 0 {
            guard let member = try archive.next() else { throw .invalidLayer("it has changed while it was read") }
            if let file = wanted[number], let first = file.names.first {
                left -= 1
                let content = try content(of: archive, size: member.size)
                let node = writer.add(first.name, in: first.parent, tree.nodes[file.node].attributes, content)
                for other in file.names.dropFirst() { writer.link(other.name, in: other.parent, to: node) }
            }
            number += 1
        }
    }

    private func content(of archive: borrowing TarArchive, size: Int) throws(WorkshopError) -> ImageNode.Content {
        var content = SparseContent(writer, size: size)
        try archive.content { offset, bytes throws(WorkshopError) in try content.append(bytes, at: offset) }
        return try content.finish()
    }
}

/// The content of a file, written as it comes. Where much of it is zeros, the image has a hole.
private struct SparseContent {
    /// Smaller pieces of zeros are written: each piece of a file with holes has a number in its inode.
    private static let bits = 16
    private static let chunk = 1 << bits

    private let writer: ImageWriter
    private let size: Int
    private let canHaveHoles: Bool
    /// What has come, zeros left out included.
    private var position = 0
    private var pending: [UInt8] = []
    private var chunks: [UInt32] = []
    private var written: UInt32 = 0
    private var hasHoles = false

    init(_ writer: ImageWriter, size: Int) {
        self.writer = writer
        self.size = size
        canHaveHoles = size >= Self.chunk
        writer.beginFile()
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(WorkshopError) {
        guard offset >= position, bytes.count <= size - offset else {
            throw .invalidLayer("a file has more bytes than it says")
        }
        try appendZeros(offset - position)
        position += bytes.count
        guard canHaveHoles else { return try writer.append(bytes) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Self.chunk - pending.count)
            pending.append(contentsOf: piece)
            rest = rest.dropFirst(piece.count)
            try endChunk()
        }
    }

    private mutating func appendZeros(_ count: Int) throws(WorkshopError) {
        position += count
        guard canHaveHoles else { return try writer.append([UInt8](repeating: 0, count: count)) }
        var left = count
        while left > 0 {
            if pending.isEmpty, left >= Self.chunk {
                let holes = left / Self.chunk
                chunks += [UInt32](repeating: ImageNode.hole, count: holes)
                hasHoles = true
                left -= holes * Self.chunk
                continue
            }
            let piece = min(left, Self.chunk - pending.count)
            pending += [UInt8](repeating: 0, count: piece)
            left -= piece
            try endChunk()
        }
    }

    private mutating func endChunk() throws(WorkshopError) {
        guard pending.count == Self.chunk else { return }
        try writeChunk()
    }

    private mutating func writeChunk() throws(WorkshopError) {
        if pending.count == Self.chunk, isZero {
            chunks.append(ImageNode.hole)
            hasHoles = true
        } else {
            // Chunks follow one another, whole blocks all but the last.
            let (block, isTooFar) = try writer.firstBlock().addingReportingOverflow(written)
            guard !isTooFar, block != ImageNode.hole else { throw .layersTooLarge(limitBytes: size) }
            chunks.append(block)
            written += UInt32(Self.chunk / ImageWriter.blockSize)
            try writer.append(pending)
        }
        pending.removeAll(keepingCapacity: true)
    }

    private var isZero: Bool {
        pending.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, bytes.first == 0 else { return false }
            return memcmp(start, start + 1, bytes.count - 1) == 0
        }
    }

    mutating func finish() throws(WorkshopError) -> ImageNode.Content {
        try appendZeros(size - position)
        if !pending.isEmpty { try writeChunk() }
        guard hasHoles else { return try writer.endFile() }
        try writer.fillBlock()
        return .chunks(bits: Self.bits, blocks: chunks, size: UInt64(size))
    }
}
