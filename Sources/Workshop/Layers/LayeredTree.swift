import Glibc

/// The tree that layers make when each is laid over those before it, as image-spec's layer.md has it. Only names and attributes:
/// of a file it says in which layer the content is.
///
/// Names lead through symbolic links as they would for a program whose root this is: a link that points outside points to the
/// root, and nothing here ever touches a file of the host.
struct LayeredTree {
    typealias Name = [UInt8]

    /// A name in a directory.
    struct Entry {
        var node: Int
        /// The last layer that has spoken of it, or of something below it.
        var layer: Int
    }

    struct Folder {
        var entries: [Name: Entry] = [:]
        /// Nothing of an earlier layer is left below.
        var isOpaqueSince = -1
    }

    enum Content {
        /// By number in ``folders``.
        case directory(folder: Int)
        /// The member of a layer, counted from 0.
        case file(layer: Int, member: Int, size: Int)
        case link(target: [UInt8])
        case pipe
        /// What an image cannot have; it hides what was there before.
        case nothing
    }

    struct Node {
        var attributes: ImageNode.Attributes
        var content: Content
    }

    static let root = 0
    /// NAME_MAX, and PATH_MAX.
    private static let longestName = 255
    private static let longestPath = 4096
    /// As many as Linux follows, and more than any image has.
    private static let mostLinks = 40
    private static let deepest = 2048
    private static let whiteout = Array(".wh.".utf8)
    private static let metadata = Array(".wh..wh.".utf8)
    private static let opaque = Array(".wh..wh..opq".utf8)

    private(set) var nodes: [Node]
    private(set) var folders = [Folder()]
    private(set) var size = 0
    private let limits: LayerLimits

    init(limits: LayerLimits) {
        self.limits = limits
        nodes = [Node(attributes: Self.directoryAttributes, content: .directory(folder: 0))]
    }

    /// What a directory has that is only mentioned.
    static let directoryAttributes = ImageNode.Attributes(mode: UInt16(S_IFDIR) | 0o755)

    func folder(_ node: Int) -> Int? {
        if case .directory(let folder) = nodes[node].content { folder } else { nil }
    }

    // MARK: - Layers

    /// Applies one member of a layer; layers come in order.
    mutating func apply(_ member: TarArchive.Member, layer: Int, number: Int) throws(WorkshopError) {
        let path = try Self.names(in: member.name)
        guard let name = path.last else {
            // The root itself.
            if member.kind == .directory { nodes[Self.root].attributes = Self.attributes(member, S_IFDIR) }
            return
        }
        let parents = path.dropLast()
        // Below a whiteout is nothing.
        if parents.contains(where: { $0.starts(with: Self.whiteout) }) { return }
        if name.starts(with: Self.whiteout) { return try applyWhiteout(name, in: parents, layer: layer) }
        guard let parent = try directory(parents, layer: layer, creating: true), let folder = folder(parent) else {
            return
        }
        switch member.kind {
        case .directory:
            try addDirectory(name, in: folder, Self.attributes(member, S_IFDIR), layer: layer)
        case .file:
            guard member.size <= limits.unpackedBytes - size else {
                throw .layersTooLarge(limitBytes: limits.unpackedBytes)
            }
            size += member.size
            let content = Content.file(layer: layer, member: number, size: member.size)
            try add(
                name, in: folder, Node(attributes: Self.attributes(member, S_IFREG), content: content), layer: layer)
        case .symbolicLink(let target):
            guard !target.isEmpty, target.count < Self.longestPath else {
                throw .invalidLayer("the symbolic link '\(Self.shown(path))' has a target of \(target.count) bytes")
            }
            var attributes = Self.attributes(member, S_IFLNK)
            attributes.mode |= 0o777
            let node = Node(attributes: attributes, content: .link(target: target))
            try add(name, in: folder, node, layer: layer)
        case .pipe:
            try add(name, in: folder, Node(attributes: Self.attributes(member, S_IFIFO), content: .pipe), layer: layer)
        case .other:
            let attributes = Self.attributes(member, S_IFREG)
            try add(name, in: folder, Node(attributes: attributes, content: .nothing), layer: layer)
        case .hardLink(let target):
            let node = try existing(target, for: path, layer: layer)
            folders[folder].entries[name] = Entry(node: node, layer: layer)
        }
    }

    /// What a hard link leads to: something of this layer or an earlier one, never a directory.
    private mutating func existing(
        _ target: [UInt8], for path: [Name], layer: Int
    ) throws(WorkshopError) -> Int {
        let names = try Self.names(in: target)
        guard let name = names.last, let parent = try directory(names.dropLast(), layer: layer, creating: false),
            let folder = folder(parent), let entry = folders[folder].entries[name], self.folder(entry.node) == nil
        else { throw .invalidLayer("the hard link '\(Self.shown(path))' leads to nothing that can be linked") }
        return entry.node
    }

    private mutating func applyWhiteout(
        _ name: Name, in parents: ArraySlice<Name>, layer: Int
    ) throws(WorkshopError) {
        if name == Self.opaque {
            guard let parent = try directory(parents, layer: layer, creating: true), let folder = folder(parent) else {
                return
            }
            return makeOpaque(folder, layer: layer)
        }
        // How the file system aufs kept its own files; nothing of an image.
        if name.starts(with: Self.metadata) { return }
        let hidden = Array(name.dropFirst(Self.whiteout.count))
        guard !hidden.isEmpty, hidden != Self.current, hidden != Self.above else {
            throw .hostileLayer("a whiteout names no file: '\(Self.shown(Array(parents) + [name]))'")
        }
        guard let parent = try directory(parents, layer: layer, creating: false), let folder = folder(parent),
            let entry = folders[folder].entries[hidden]
        else { return }
        // Of what this layer itself has, whiteouts say nothing.
        if entry.layer < layer {
            folders[folder].entries[hidden] = nil
        } else if let below = self.folder(entry.node) {
            makeOpaque(below, layer: layer)
        }
    }

    /// Removes what earlier layers have in a directory. Each directory is looked at once in a layer.
    private mutating func makeOpaque(_ folder: Int, layer: Int) {
        var pending = [folder]
        while let next = pending.popLast() {
            guard folders[next].isOpaqueSince < layer else { continue }
            folders[next].isOpaqueSince = layer
            for (name, entry) in folders[next].entries {
                if entry.layer < layer {
                    folders[next].entries[name] = nil
                } else if let below = self.folder(entry.node) {
                    pending.append(below)
                }
            }
        }
    }

    // MARK: - Names

    private mutating func addDirectory(
        _ name: Name, in folder: Int, _ attributes: ImageNode.Attributes, layer: Int
    ) throws(WorkshopError) {
        if let entry = folders[folder].entries[name], self.folder(entry.node) != nil {
            nodes[entry.node].attributes = attributes
            folders[folder].entries[name] = Entry(node: entry.node, layer: layer)
        } else {
            try makeDirectory(name, in: folder, attributes, layer: layer)
        }
    }

    @discardableResult
    private mutating func makeDirectory(
        _ name: Name, in folder: Int, _ attributes: ImageNode.Attributes, layer: Int
    ) throws(WorkshopError) -> Int {
        folders.append(Folder())
        let content = Content.directory(folder: folders.count - 1)
        return try add(name, in: folder, Node(attributes: attributes, content: content), layer: layer)
    }

    /// Instead of what has the name.
    @discardableResult
    private mutating func add(
        _ name: Name, in folder: Int, _ node: Node, layer: Int
    ) throws(WorkshopError) -> Int {
        guard nodes.count <= limits.nodes else { throw .layersTooMany(limit: limits.nodes) }
        nodes.append(node)
        folders[folder].entries[name] = Entry(node: nodes.count - 1, layer: layer)
        return nodes.count - 1
    }

    /// The directory that a path leads to, symbolic links followed, and directories made where there are none.
    /// - Returns: nil where there is none, and none shall be made.
    private mutating func directory(
        _ path: ArraySlice<Name>, layer: Int, creating: Bool
    ) throws(WorkshopError) -> Int? {
        var reached = [Self.root]
        var pending = Array(path.reversed())
        var links = 0
        while let name = pending.popLast() {
            if name == Self.above {
                if reached.count > 1 { reached.removeLast() }
                continue
            }
            guard let last = reached.last, let folder = folder(last) else { return nil }
            guard reached.count < Self.deepest else { throw .hostileLayer("its directories are too deep") }
            let entry = folders[folder].entries[name]
            if let entry, case .link(let target) = nodes[entry.node].content {
                links += 1
                guard links <= Self.mostLinks else {
                    throw .hostileLayer("'\(Self.shown(Array(path)))' leads through symbolic links without an end")
                }
                if target.first == Self.slash { reached = [Self.root] }
                pending += target.split(separator: Self.slash).reversed().map(Array.init).filter { $0 != Self.current }
                continue
            }
            if let entry, self.folder(entry.node) != nil {
                reached.append(entry.node)
                if creating { folders[folder].entries[name] = Entry(node: entry.node, layer: layer) }
            } else if creating {
                try Self.check(name)
                reached.append(try makeDirectory(name, in: folder, Self.directoryAttributes, layer: layer))
            } else {
                return nil
            }
        }
        return reached.last
    }

    private static let slash = UInt8(ascii: "/")
    private static let current = Array(".".utf8)
    private static let above = Array("..".utf8)

    /// The names that a path consists of, from the root. `..` takes the name before it away, and leads out of the root never.
    private static func names(in path: [UInt8]) throws(WorkshopError) -> [Name] {
        guard path.count < longestPath else { throw .invalidLayer("a path has \(path.count) bytes") }
        var names: [Name] = []
        for part in path.split(separator: slash) {
            let name = Array(part)
            if name == current { continue }
            if name == above {
                guard names.popLast() != nil else {
                    throw .hostileLayer("'\(shown([path]))' leads out of the image")
                }
                continue
            }
            try check(name)
            names.append(name)
        }
        return names
    }

    private static func check(_ name: Name) throws(WorkshopError) {
        guard name.count <= longestName else {
            throw .invalidLayer("the name '\(shown([Array(name.prefix(60))]))…' has \(name.count) bytes")
        }
    }

    private static func shown(_ names: [Name]) -> String {
        String(decoding: Array(names.joined(separator: [slash]).prefix(200)), as: UTF8.self)
    }

    /// Without the bits that would give privileges.
    private static func attributes(_ member: TarArchive.Member, _ kind: mode_t) -> ImageNode.Attributes {
        ImageNode.Attributes(
            mode: UInt16(truncatingIfNeeded: kind) | (member.permissions & 0o1777), user: member.user,
            group: member.group, seconds: member.seconds, nanoseconds: member.nanoseconds)
    }
}

// MARK: - Mount points

extension LayeredTree {
    /// Makes what a sandbox mounts something on where it is missing. Afterwards each is what it shall be, and so is all above it: no
    /// symbolic link, which would lead a mount elsewhere.
    /// - Parameter layer: one more than there are.
    mutating func makeMountPoint(_ point: MountPoint, layer: Int) throws(WorkshopError) {
        let path = try Self.names(in: Array(point.path.utf8))
        guard let last = path.last else { return }
        var folder = 0
        for name in path.dropLast() { folder = try realDirectory(name, in: folder, layer: layer) }
        let entry = folders[folder].entries[last]
        switch point.kind {
        case .directory:
            if let entry, self.folder(entry.node) != nil { return }
            try makeDirectory(last, in: folder, Self.directoryAttributes, layer: layer)
        case .file:
            if let entry, case .file = nodes[entry.node].content { return }
            let attributes = ImageNode.Attributes(mode: UInt16(S_IFREG) | 0o644)
            let node = Node(attributes: attributes, content: .file(layer: layer, member: 0, size: 0))
            try add(last, in: folder, node, layer: layer)
        }
    }

    /// - Returns: its folder. What was a link to a directory becomes a directory that has the same in it.
    private mutating func realDirectory(_ name: Name, in folder: Int, layer: Int) throws(WorkshopError) -> Int {
        let entry = folders[folder].entries[name]
        if let entry, let known = self.folder(entry.node) { return known }
        var copied: [Name: Entry] = [:]
        if let entry, case .link(let target) = nodes[entry.node].content, target.first == Self.slash || folder == 0,
            let led = try directory(
                target.split(separator: Self.slash).map(Array.init).filter { $0 != Self.current }[...], layer: layer,
                creating: false), let source = self.folder(led)
        {
            for (child, found) in folders[source].entries.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                var node = found.node
                if self.folder(node) != nil {
                    // A directory has one name: a link leads to it.
                    let path = (target.first == Self.slash ? [] : [Self.slash]) + target + [Self.slash] + child
                    guard nodes.count <= limits.nodes else { throw .layersTooMany(limit: limits.nodes) }
                    nodes.append(Node(attributes: nodes[entry.node].attributes, content: .link(target: path)))
                    node = nodes.count - 1
                }
                copied[child] = Entry(node: node, layer: layer)
            }
        }
        let made = try makeDirectory(name, in: folder, Self.directoryAttributes, layer: layer)
        guard let inside = self.folder(made) else { return folder }
        folders[inside].entries = copied
        return inside
    }
}
